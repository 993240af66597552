// SPDX-License-Identifier: Apache-2.0
#include "keyserver/policy_cache.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using testing::Fails;

// A policy that pins `digit` and nothing else.
std::string PolicyOf(const std::string& digit, std::size_t spaces = 0) {
  return R"({"version": 1, "mr_td": [")" + std::string(95, '0') + digit +
         R"("], "acknowledge": ["rtmr0", "rtmr1", "rtmr2"]})" +
         std::string(spaces, ' ');
}

TEST(PolicyCache, TheSameTextIsParsedOnce) {
  PolicyCache cache;
  ASSERT_OK_AND_ASSIGN(const auto first, cache.Parsed(PolicyOf("1")));
  ASSERT_OK_AND_ASSIGN(const auto again, cache.Parsed(PolicyOf("1")));
  ASSERT_OK_AND_ASSIGN(const auto other, cache.Parsed(PolicyOf("2")));
  EXPECT_EQ(first, again);
  EXPECT_NE(first, other);
}

TEST(PolicyCache, WhatIsNoPolicyStaysNone) {
  PolicyCache cache;
  EXPECT_THAT(cache.Parsed("{}"), Fails(Reason::kPolicyInvalid));
  EXPECT_THAT(cache.Parsed("{}"), Fails(Reason::kPolicyInvalid));
}

TEST(PolicyCache, KeepsABoundedNumber) {
  PolicyCache cache;
  ASSERT_OK_AND_ASSIGN(const auto first, cache.Parsed(PolicyOf("1")));
  for (std::size_t i = 1; i <= PolicyCache::kMaxPolicies; ++i) {
    ASSERT_TRUE(cache.Parsed(PolicyOf("1", i)).has_value());
  }
  ASSERT_OK_AND_ASSIGN(const auto anew, cache.Parsed(PolicyOf("1")));
  EXPECT_NE(first, anew);
  EXPECT_EQ(first.use_count(), 1);
}

}  // namespace
}  // namespace tdxvfs::keyserver
