// SPDX-License-Identifier: Apache-2.0
#include "cli/audit_filter.h"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace tdxvfs::cli {
namespace {

using testing::Fails;

constexpr std::chrono::system_clock::time_point kNow{
    std::chrono::seconds(1'795'244'400)};  // 2026-11-21T07:00:00Z

std::int64_t SecondsBefore(std::string_view text) {
  return std::chrono::duration_cast<std::chrono::seconds>(
             kNow - ParseMoment(text, kNow).value())
      .count();
}

TEST(ParseMoment, ReadsSpansBeforeNowAndTimes) {
  EXPECT_EQ(SecondsBefore("90s"), 90);
  EXPECT_EQ(SecondsBefore("30m"), 1800);
  EXPECT_EQ(SecondsBefore("2h"), 7200);
  EXPECT_EQ(SecondsBefore("7d"), 604'800);
  EXPECT_EQ(SecondsBefore("2026-11-21T06:59:00Z"), 60);
}

TEST(ParseMoment, RefusesEverythingElse) {
  for (const char* text :
       {"", "h", "2", "2 h", "2w", "-2h", "+2h", "2hh", "2.5h", "yesterday",
        "99999999999999999999d", "9000000000d", "2026-11-21"}) {
    EXPECT_THAT(ParseMoment(text, kNow), Fails(Reason::kUsage)) << text;
  }
}

TEST(QueryOf, RefusesUnknownReasonsAndNames) {
  AuditFilterOptions options;
  options.query.reason = "no-such-reason";
  EXPECT_THAT(QueryOf(options), Fails(Reason::kUsage));
  options = {};
  options.query.volume = "No Volume";
  EXPECT_THAT(QueryOf(options), Fails(Reason::kVolumeNameInvalid));
}

}  // namespace
}  // namespace tdxvfs::cli
