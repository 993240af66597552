// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/verified_cache.h"

#include <string>

#include <gtest/gtest.h>

namespace tdxvfs::verify {
namespace {

// Whoever sends ever new quotes must not fill the memory.
TEST(VerifiedCache, A10_TheOldestMakesRoom) {
  VerifiedCache<int, std::string> cache(2);
  for (const int number : {1, 2, 3}) {
    cache.Remember(std::to_string(number), std::make_shared<const int>(number));
  }
  EXPECT_EQ(cache.Find(std::string("1")), nullptr);
  ASSERT_NE(cache.Find(std::string("2")), nullptr);
  EXPECT_EQ(*cache.Find(std::string("3")), 3);
  // What is known already takes nobody's place.
  cache.Remember("3", std::make_shared<const int>(4));
  EXPECT_EQ(*cache.Find(std::string("3")), 3);
  EXPECT_NE(cache.Find(std::string("2")), nullptr);
  cache.ForgetAll();
  EXPECT_EQ(cache.Find(std::string("3")), nullptr);
}

}  // namespace
}  // namespace tdxvfs::verify
