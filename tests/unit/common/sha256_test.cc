// SPDX-License-Identifier: Apache-2.0
#include "common/sha256.h"

#include <gtest/gtest.h>

#include "common/hex.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs {
namespace {

TEST(Sha256, GivesTheFiguresOfFips180) {
  ASSERT_OK_AND_ASSIGN(const Sha256Digest abc, Sha256(AsBytes("abc")));
  EXPECT_EQ(ToHex(abc),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  ASSERT_OK_AND_ASSIGN(const Sha256Digest none, Sha256({}));
  EXPECT_EQ(ToHex(none),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(LengthPrefixed, PutsABigEndianLengthBeforeEachField) {
  ASSERT_OK_AND_ASSIGN(const Sha256Digest prefixed,
                       LengthPrefixed().Add("ab").Add("").Sha256());
  ASSERT_OK_AND_ASSIGN(
      const Sha256Digest by_hand,
      Sha256(AsBytes(std::string_view("\0\0\0\2ab\0\0\0\0", 10))));
  EXPECT_EQ(prefixed, by_hand);
}

TEST(LengthPrefixed, TellsFieldsApartThatJoinToTheSameText) {
  ASSERT_OK_AND_ASSIGN(const Sha512Digest one,
                       LengthPrefixed().Add("ab").Add("c").Sha512());
  ASSERT_OK_AND_ASSIGN(const Sha512Digest other,
                       LengthPrefixed().Add("a").Add("bc").Sha512());
  EXPECT_NE(one, other);
}

}  // namespace
}  // namespace tdxvfs
