// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_P256_H_
#define TDXVFS_ATTEST_VERIFY_P256_H_

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "common/owned_openssl.h"
#include "common/result.h"

namespace tdxvfs::verify {

// A P-256 public key, made ready for checking once: preparing OpenSSL for a key
// costs more each time than hashing what was signed. Immutable; any number of
// threads may use one.
class P256Key {
 public:
  // No key: nothing can be asked of it.
  P256Key() = default;
  P256Key(P256Key&& other) noexcept = default;
  P256Key& operator=(P256Key&& other) noexcept;
  ~P256Key() { Retire(); }
  // From X || Y, big-endian. Fails with kQuoteInvalid when the point is not on
  // the curve, or kInternal.
  static Result<P256Key> FromPoint(std::span<const std::uint8_t, 64> point);

  // Checks an ECDSA signature with SHA-256, given as r || s, big-endian. Fails
  // with kQuoteInvalid when it does not hold, or kInternal.
  Result<void> CheckSignature(
      std::span<const std::uint8_t> message,
      std::span<const std::uint8_t, 64> signature) const;

 private:
  P256Key(EvpPkeyPtr key, PkeyContextPtr prepared)
      : key_(std::move(key)), prepared_(std::move(prepared)) {}
  void Retire() noexcept;

  EvpPkeyPtr key_;
  PkeyContextPtr prepared_;  // only ever copied
};

// r || s from the contents of a certificate's or CRL's signature BIT STRING:
// DER of SEQUENCE { INTEGER r, INTEGER s }. Fails with kQuoteInvalid.
Result<std::array<std::uint8_t, 64>> ReadSignatureBits(
    std::span<const std::uint8_t> bits);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_P256_H_
