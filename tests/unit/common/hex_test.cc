// SPDX-License-Identifier: Apache-2.0
#include "common/hex.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace tdxvfs {
namespace {

using ::tdxvfs::testing::Fails;
using Bytes = std::vector<std::uint8_t>;

TEST(Hex, IsLowerCaseInOrder) {
  EXPECT_EQ(ToHex(Bytes{0x00, 0xab, 0xff}), "00abff");
  EXPECT_EQ(ToHex({}), "");
}

TEST(Hex, ReadsEitherCase) {
  ASSERT_OK_AND_ASSIGN(const Bytes bytes, FromHex("00abFF"));
  EXPECT_EQ(bytes, (Bytes{0x00, 0xab, 0xff}));
  ASSERT_OK_AND_ASSIGN(const Bytes none, FromHex(""));
  EXPECT_TRUE(none.empty());
}

TEST(Hex, RefusesEverythingElse) {
  for (const std::string_view text : {"0", "0g", "g0", " 00", "00 ", "0x00",
                                      "00\n0", "-1", "/0", ":0", "@0", "`0"}) {
    EXPECT_THAT(FromHex(text), Fails(Reason::kFileInvalid)) << text;
  }
}

}  // namespace
}  // namespace tdxvfs
