// SPDX-License-Identifier: Apache-2.0
#include "common/hkdf.h"

#include <gtest/gtest.h>

#include "common/hex.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct HkdfVector {
  std::string_view key, salt, info;
  std::size_t length;
  std::string_view extracted, expanded;
};

// RFC 5869 appendix A.1 and A.3.
constexpr std::array<HkdfVector, 2> kVectors = {{
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", 42,
     "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
     "34007208d5b887185865"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "", 42,
     "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
     "9d201395faa4b61a96c8"},
}};

TEST(Hkdf, GivesTheFiguresOfRfc5869) {
  for (const HkdfVector& vector : kVectors) {
    ASSERT_OK_AND_ASSIGN(const Bytes key, FromHex(vector.key));
    ASSERT_OK_AND_ASSIGN(const Bytes salt, FromHex(vector.salt));
    ASSERT_OK_AND_ASSIGN(const Bytes info, FromHex(vector.info));
    ASSERT_OK_AND_ASSIGN(const Secret secret, Secret::CopyOf(key));
    ASSERT_OK_AND_ASSIGN(const Secret extracted,
                         HkdfSha256Extract(salt, secret));
    EXPECT_EQ(ToHex(extracted.Reveal()), vector.extracted);
    ASSERT_OK_AND_ASSIGN(const Secret expanded,
                         HkdfSha256Expand(extracted, info, vector.length));
    EXPECT_EQ(ToHex(expanded.Reveal()), vector.expanded);
  }
}

TEST(Hmac, GivesTheFigureOfRfc4231Case2) {
  ASSERT_OK_AND_ASSIGN(const Secret key, Secret::CopyOf(AsBytes("Jefe")));
  ASSERT_OK_AND_ASSIGN(
      const auto mac, HmacSha256(key, AsBytes("what do ya want for nothing?")));
  EXPECT_EQ(ToHex(mac),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace
}  // namespace tdxvfs
