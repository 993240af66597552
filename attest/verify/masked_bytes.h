// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_MASKED_BYTES_H_
#define TDXVFS_ATTEST_VERIFY_MASKED_BYTES_H_

#include <cstdint>

#include "attest/quote.h"

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

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_MASKED_BYTES_H_
