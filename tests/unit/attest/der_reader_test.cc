// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/der_reader.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "attest/verify/p256.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::verify {
namespace {

using testing::Fails;
using testing::Succeeds;
using Bytes = std::vector<std::uint8_t>;

Bytes Filled(Bytes head, std::size_t size) {
  head.resize(head.size() + size, 0x11);
  return head;
}

TEST(DerReader, LengthsHaveTheirShortestForm) {
  for (const Bytes& good :
       {Filled({0x30, 0x7f}, 0x7f), Filled({0x30, 0x81, 0x80}, 0x80),
        Filled({0x30, 0x81, 0xff}, 0xff),
        Filled({0x30, 0x82, 0x01, 0x00}, 0x100)}) {
    EXPECT_THAT(DerReader(good).Next(DerTag::kSequence), Succeeds());
  }
  for (const Bytes& bad :
       {Filled({0x30, 0x80}, 0x80), Filled({0x30, 0x81, 0x7f}, 0x7f),
        Filled({0x30, 0x82, 0x00, 0x80}, 0x80),
        Filled({0x30, 0x82, 0x00, 0xff}, 0xff),
        Filled({0x30, 0x83, 0x00, 0x01, 0x00}, 0x100),
        Filled({0x30, 0x84, 0x00, 0x00, 0x01, 0x00}, 0x100),
        Filled({0x30, 0x05}, 4), Filled({0x30, 0x82, 0x01}, 0), Bytes{0x30},
        Bytes{}}) {
    EXPECT_THAT(DerReader(bad).Next(DerTag::kSequence),
                Fails(Reason::kQuoteInvalid))
        << bad.size();
  }
}

TEST(DerReader, BooleansAreZeroOrAllOnes) {
  EXPECT_EQ(DerReader(Bytes{1, 1, 0x00}).NextBoolean().value(), false);
  EXPECT_EQ(DerReader(Bytes{1, 1, 0xff}).NextBoolean().value(), true);
  for (const Bytes& bad : {Bytes{1, 1, 1}, Bytes{1, 1, 0x7f}, Bytes{1, 0},
                           Bytes{1, 2, 0xff, 0xff}}) {
    EXPECT_THAT(DerReader(bad).NextBoolean(), Fails(Reason::kQuoteInvalid));
  }
}

TEST(DerReader, NumbersAreShortAndNotNegative) {
  const auto read = [](const Bytes& bytes, std::uint32_t maximum) {
    return DerReader(bytes).NextNumber(DerTag::kInteger, maximum);
  };
  EXPECT_EQ(read({2, 1, 0}, 0).value(), 0U);
  EXPECT_EQ(read({2, 2, 0, 0xff}, 255).value(), 255U);
  EXPECT_EQ(read({2, 3, 0, 0xff, 0xff}, 0xffff).value(), 0xffffU);
  for (const Bytes& bad : {Bytes{2, 0}, Bytes{2, 1, 0x80}, Bytes{2, 2, 0, 0x7f},
                           Bytes{2, 2, 1, 0}, Bytes{2, 5, 0, 0, 0, 0, 1}}) {
    EXPECT_THAT(read(bad, 255), Fails(Reason::kQuoteInvalid));
  }
}

// Two halves of a signature in DER.
Bytes Halves(const Bytes& r, const Bytes& s) {
  Bytes bits = {0, 0x30, static_cast<std::uint8_t>(r.size() + s.size() + 4)};
  for (const Bytes& half : {r, s}) {
    bits.push_back(2);
    bits.push_back(static_cast<std::uint8_t>(half.size()));
    bits.insert(bits.end(), half.begin(), half.end());
  }
  return bits;
}

TEST(SignatureBits, EachHalfHasOneForm) {
  const Bytes low = Filled({0x7f}, 31);
  const Bytes high = Filled({0x00, 0x80}, 31);
  EXPECT_THAT(ReadSignatureBits(Halves(low, high)), Succeeds());
  EXPECT_THAT(ReadSignatureBits(Halves({1}, {0x7f})), Succeeds());
  for (const Bytes& bad :
       {Filled({0x00, 0x7f}, 31), Bytes{0, 1}, Bytes{0, 0}, Bytes{},
        Filled({0x80}, 31), Filled({0x01}, 32), Filled({0x00, 0x80}, 32)}) {
    EXPECT_THAT(ReadSignatureBits(Halves(bad, low)),
                Fails(Reason::kQuoteInvalid));
    EXPECT_THAT(ReadSignatureBits(Halves(low, bad)),
                Fails(Reason::kQuoteInvalid));
  }
}

}  // namespace
}  // namespace tdxvfs::verify
