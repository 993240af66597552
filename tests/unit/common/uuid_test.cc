// SPDX-License-Identifier: Apache-2.0
#include "common/uuid.h"

#include <string>

#include <gtest/gtest.h>

namespace tdxvfs {
namespace {

const std::string kGood = "01234567-89ab-cdef-0123-456789abcdef";

TEST(Uuid, IsItsTextInLowerCase) {
  EXPECT_TRUE(IsUuid(kGood));
  EXPECT_TRUE(IsUuid("00000000-0000-0000-0000-000000000000"));
}

TEST(Uuid, IsNothingElse) {
  for (const std::string& text :
       {std::string(), kGood.substr(1), kGood + "0", "{" + kGood + "}",
        kGood + std::string(1, '\0'), std::string(36, 'a'),
        std::string(36, '-'), std::string("../../etc")}) {
    EXPECT_FALSE(IsUuid(text)) << text;
  }
  // No character of it can be another kind of character.
  for (std::size_t i = 0; i < kGood.size(); ++i) {
    for (const char other : {'A', 'F', 'g', ' ', '\0', '/', ':', '`'}) {
      std::string text = kGood;
      text[i] = other;
      EXPECT_FALSE(IsUuid(text)) << text;
    }
  }
}

}  // namespace
}  // namespace tdxvfs
