// SPDX-License-Identifier: Apache-2.0
#include "common/error.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace tdxvfs {
namespace {

TEST(ReasonTable, HasOneCompleteRowForEveryReason) {
  std::set<std::string_view> slugs;
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const ReasonInfo& info = InfoOf(static_cast<Reason>(i));
    EXPECT_TRUE(slugs.insert(info.slug).second) << info.slug;
    EXPECT_GE(info.exit_code, 1) << info.slug;
    EXPECT_LE(info.exit_code, 6) << info.slug;
    EXPECT_NE(info.grpc_code, 0) << info.slug;
    EXPECT_EQ(ReasonFromSlug(info.slug), info.reason);
  }
}

TEST(Error, PrintsContextsFromTheOutside) {
  Error error(Reason::kHeaderMismatch, "digest differs");
  error.AddContext("read header");
  error.AddContext("unlock volume 'data'");
  EXPECT_EQ(error.ToString(),
            "unlock volume 'data': read header: digest differs");
}

}  // namespace
}  // namespace tdxvfs
