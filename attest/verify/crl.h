// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_CRL_H_
#define TDXVFS_ATTEST_VERIFY_CRL_H_

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "attest/verify/certificate.h"
#include "common/result.h"

namespace tdxvfs::verify {

// Cap on a CRL, in bytes.
inline constexpr std::size_t kMaxCrl = std::size_t{1024} * 1024;

// Sorted.
using RevokedSerials = std::vector<SerialNumber>;

// Whether `serial` is one of them.
bool IsRevoked(const RevokedSerials& revoked, const SerialNumber& serial);

// What a certificate revocation list says. Its number does not: it is 1 in all
// of Intel's.
struct Crl {
  std::chrono::system_clock::time_point this_update;
  std::chrono::system_clock::time_point next_update;
  RevokedSerials revoked;  // for whatever reason
};

// Reads a CRL that `issuer` must have signed: DER without trailing bytes,
// version 2, ecdsa-with-SHA256, the issuer's name and key identifier, a CRL
// number, nextUpdate, complete (neither delta nor one of several), no unknown
// critical extension (Intel SGX PCK certificate and CRL profile specification;
// RFC 5280, 5). Whether it is in date is not asked here. Fails with
// kQuoteInvalid or kInternal.
Result<Crl> VerifyCrl(std::span<const std::uint8_t> der,
                      const Certificate& issuer);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_CRL_H_
