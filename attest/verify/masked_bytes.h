// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_MASKED_BYTES_H_
#define TDXVFS_ATTEST_VERIFY_MASKED_BYTES_H_

#include <cstdint>
#include <string>

#include "attest/quote.h"
#include "common/hex.h"

namespace tdxvfs::verify {

// The bits of `bytes` that `mask` has too.
template <std::size_t kSize>
attest::ByteArray<kSize> Masked(const attest::ByteArray<kSize>& bytes,
                                const attest::ByteArray<kSize>& mask) {
  attest::ByteArray<kSize> masked{};
  for (std::size_t i = 0; i < kSize; ++i) {
    masked.at(i) = static_cast<std::uint8_t>(bytes.at(i) & mask.at(i));
  }
  return masked;
}

// What was found, and what the mask leaves of it where that is not as expected:
// the other bits do not count.
template <std::size_t kSize>
std::string FoundText(const attest::ByteArray<kSize>& found,
                      const attest::ByteArray<kSize>& mask,
                      const attest::ByteArray<kSize>& expected) {
  const auto masked = Masked(found, mask);
  return ToHex(found) + (masked == expected ? ""
                                            : ", which is " + ToHex(masked) +
                                                  " under the mask");
}

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_MASKED_BYTES_H_
