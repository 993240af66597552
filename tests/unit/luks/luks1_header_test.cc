// SPDX-License-Identifier: Apache-2.0
#include "luks/luks1_header.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/result_matchers.h"

namespace tdxvfs::luks {
namespace {

using testing::Fails;
using testing::Succeeds;

using Bytes = std::vector<std::uint8_t>;

void Put(Bytes* bytes, std::size_t at, std::uint32_t number) {
  for (std::size_t i = 0; i < 4; ++i) {
    (*bytes)[at + i] = static_cast<std::uint8_t>(number >> (24U - 8U * i));
  }
}

void Put(Bytes* bytes, std::size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(),
            bytes->begin() + static_cast<std::ptrdiff_t>(at));
}

// As cryptsetup 2.6 writes it: slot 0 in use.
Bytes Header() {
  Bytes bytes(kLuks1HeaderSize, 0);
  Put(&bytes, 0, std::string_view("LUKS\xba\xbe\0\1", 8));
  Put(&bytes, 8, "aes");
  Put(&bytes, 40, "xts-plain64");
  Put(&bytes, 72, "sha256");
  Put(&bytes, 104, 4096U);  // sectors: 2 MiB
  Put(&bytes, 108, 64U);
  Put(&bytes, 164, 100'000U);
  Put(&bytes, 168, "0a1b2c3d-0000-4000-8000-000000000001");
  for (std::uint32_t slot = 0; slot < 8; ++slot) {
    const std::size_t at = 208 + slot * 48;
    Put(&bytes, at, slot == 0 ? 0x00ac71f3U : 0x0000deadU);
    Put(&bytes, at + 4, slot == 0 ? 1'000'000U : 0U);
    Put(&bytes, at + 40, 8U + slot * 504U);
    Put(&bytes, at + 44, 4000U);
  }
  return bytes;
}

TEST(Luks1Header, ReadsWhatCryptsetupWrites) {
  ASSERT_OK_AND_ASSIGN(const Luks1Header header, ParseLuks1Header(Header()));
  EXPECT_EQ(header.uuid, "0a1b2c3d-0000-4000-8000-000000000001");
  EXPECT_EQ(header.data_offset, 2U * 1024 * 1024);
  EXPECT_EQ(header.key_size, 64U);
}

struct Edit {
  const char* name;
  std::size_t at;
  std::uint32_t number;
};

class EditedLuks1 : public ::testing::TestWithParam<Edit> {};

TEST_P(EditedLuks1, IsRefused) {
  Bytes bytes = Header();
  Put(&bytes, GetParam().at, GetParam().number);
  EXPECT_THAT(ParseLuks1Header(bytes), Fails(Reason::kHeaderRefused));
}

INSTANTIATE_TEST_SUITE_P(
    All, EditedLuks1,
    ::testing::Values(
        Edit{"Magic", 0, 0}, Edit{"Version2", 4, 0xbabe0002},
        Edit{"Cipher", 8, 0x6e756c6c}, Edit{"Mode", 40, 0x65636200},
        Edit{"Hash", 72, 0x6d643500}, Edit{"DataAtZero", 104, 0},
        Edit{"DataInsideHeader", 104, 1}, Edit{"DataFarAway", 104, 32769},
        Edit{"DataAtTheEnd", 104, 0xffffffff}, Edit{"KeyOf16Bytes", 108, 16},
        Edit{"KeyOf4GiB", 108, 0xffffffff},
        Edit{"D8_DigestBomb", 164, 10'000'001}, Edit{"NoDigest", 164, 0},
        Edit{"SlotState", 208, 1}, Edit{"D8_SlotBomb", 212, 0xffffffff},
        Edit{"NoIterations", 212, 0}, Edit{"MaterialAtZero", 248, 0},
        Edit{"MaterialInData", 248, 3597}, Edit{"MaterialFar", 248, 0xffffffff},
        Edit{"Stripes", 252, 4001}, Edit{"SecondSlotState", 256, 0xac71f3ff}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Luks1Header, IsNotFoundInOtherBytes) {
  EXPECT_FALSE(IsLuks1({}));
  EXPECT_FALSE(IsLuks1(Bytes(kLuks1HeaderSize, 0)));
  Bytes bytes = Header();
  EXPECT_TRUE(IsLuks1(bytes));
  bytes.resize(kLuks1HeaderSize - 1);
  EXPECT_FALSE(IsLuks1(bytes));
  EXPECT_THAT(ParseLuks1Header(bytes), Fails(Reason::kHeaderRefused));
}

}  // namespace
}  // namespace tdxvfs::luks
