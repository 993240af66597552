// SPDX-License-Identifier: Apache-2.0
#include "common/utf8.h"

#include <string_view>

#include <gtest/gtest.h>

namespace tdxvfs {
namespace {

TEST(Utf8, TakesTextOfEveryLength) {
  for (const std::string_view text :
       {"", "plain", "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac", "\xf0\x9f\x94\x91",
        "a\xf4\x8f\xbf\xbfz"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
}

TEST(Utf8, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"\xff", "plain\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xe2\x82", "gr\xfc\xdf"}) {
    EXPECT_FALSE(IsUtf8(text)) << text;
  }
}

}  // namespace
}  // namespace tdxvfs
