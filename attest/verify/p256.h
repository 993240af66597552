// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_P256_H_
#define TDXVFS_ATTEST_VERIFY_P256_H_

#include <cstdint>
#include <span>

#include "common/owned_openssl.h"
#include "common/result.h"

namespace tdxvfs::verify {

// A P-256 public key from X || Y, big-endian. Fails with kQuoteInvalid when
// the point is not on the curve.
Result<EvpPkeyPtr> P256Key(std::span<const std::uint8_t, 64> point);

// Checks an ECDSA P-256 signature with SHA-256, given as r || s, big-endian.
// Fails with kQuoteInvalid when it does not hold. Any number of threads may
// use one key.
Result<void> CheckP256Signature(EVP_PKEY* key,
                                std::span<const std::uint8_t> message,
                                std::span<const std::uint8_t, 64> signature);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_P256_H_
