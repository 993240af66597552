// SPDX-License-Identifier: Apache-2.0
#include "cli/rfc3339.h"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace tdxvfs::cli {
namespace {

using testing::Fails;

std::int64_t Seconds(std::string_view text) {
  return std::chrono::duration_cast<std::chrono::seconds>(
             ParseRfc3339(text).value().time_since_epoch())
      .count();
}

TEST(ParseRfc3339, ReadsUtcOffsetsAndFractions) {
  EXPECT_EQ(Seconds("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(Seconds("2026-11-21T07:00:00Z"), 1795244400);
  EXPECT_EQ(Seconds("2026-11-21T09:30:00+02:30"), 1795244400);
  EXPECT_EQ(Seconds("2026-11-21T06:00:00-01:00"), 1795244400);
  EXPECT_EQ(Seconds("2026-11-21T07:00:00.999Z"), 1795244400);
  EXPECT_EQ(Seconds("2024-02-29T00:00:00Z"), 1709164800);
}

// Taken as they are, 2610 would be 2026 and 9999 be 1816.
TEST(ParseRfc3339, TakesWhatTheClockCannotHoldAsTheNearestThatItCan) {
  const std::int64_t last = Seconds("2262-01-01T00:00:00Z");
  EXPECT_EQ(last, 9214646400);
  EXPECT_EQ(Seconds("2261-12-31T23:59:59Z"), last - 1);
  EXPECT_EQ(Seconds("2610-12-20T12:00:00Z"), last);
  EXPECT_EQ(Seconds("9999-12-31T23:59:59-23:59"), last);
  EXPECT_EQ(Seconds("0000-01-01T00:00:00+23:59"),
            Seconds("1678-01-01T00:00:00Z"));
}

TEST(ParseRfc3339, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "now", "2026-11-21", "2026-11-21T07:00:00", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-21T24:00:00Z",
        "2026-11-21T07:60:00Z", "2026-11-21T07:00:60Z", "2026-11-21 07:00:00Z",
        "2026-11-21T07:00:00z", "2026-11-21T07:00:00.Z",
        "2026-11-21T07:00:00+1", "2026-11-21T07:00:00+24:00",
        "2026-11-21T07:00:00Z ", " 2026-11-21T07:00:00Z",
        "+026-11-21T07:00:00Z"}) {
    EXPECT_THAT(ParseRfc3339(text), Fails(Reason::kUsage)) << text;
  }
}

}  // namespace
}  // namespace tdxvfs::cli
