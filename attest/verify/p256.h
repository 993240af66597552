// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_P256_H_
#define TDXVFS_ATTEST_VERIFY_P256_H_

#include <array>
#include <cstdint>
#include <span>

#include "common/owned_openssl.h"
#include "common/result.h"

namespace tdxvfs::verify {

// A P-256 public key from X || Y, big-endian. Fails with kQuoteInvalid when
// the point is not on the curve.
Result<EvpPkeyPtr> P256Key(std::span<const std::uint8_t, 64> point);

// r || s from the contents of a certificate's or CRL's signature BIT STRING:
// DER of SEQUENCE { INTEGER r, INTEGER s }. Fails with kQuoteInvalid.
Result<std::array<std::uint8_t, 64>> ReadSignatureBits(
    std::span<const std::uint8_t> bits);

// Checks an ECDSA P-256 signature with SHA-256, given as r || s, big-endian.
// Fails with kQuoteInvalid when it does not hold. Any number of threads may
// use one key.
Result<void> CheckP256Signature(EVP_PKEY* key,
                                std::span<const std::uint8_t> message,
                                std::span<const std::uint8_t, 64> signature);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_P256_H_
