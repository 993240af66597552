// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_PCK_CERT_ID_H_
#define TDXVFS_ATTEST_PCK_CERT_ID_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "attest/quote.h"
#include "common/result.h"

namespace tdxvfs::attest {

// What certification data of types 1 to 3 carries instead of a PCK chain: which
// certificate signed, for a provisioning service to look up. Nothing of it is
// signed; all bytes stand in the quote's order.
struct PckCertId {
  std::uint16_t type = 0;  // 1 to 3
  ByteArray<16> qe_id{};   // from the quote's user data
  // PPID in the clear (type 1), else encrypted for Intel with RSA-2048 (type 2,
  // 256 bytes) or RSA-3072 (type 3, 384 bytes).
  std::optional<ByteArray<16>> ppid;
  std::vector<std::uint8_t> encrypted_ppid;
  ByteArray<16> cpu_svn{};
  ByteArray<2> pce_svn{};
  ByteArray<2> pce_id{};

  // NOLINTNEXTLINE(modernize-use-nullptr): a 0 that clang 14 adds
  auto operator<=>(const PckCertId&) const = default;
};

// Reads it from a quote with certification data of type 1 to 3 (Intel SGX DCAP
// ECDSA quote library API, appendix A.4: PPID, CPUSVN, PCESVN, PCEID, nothing
// else). Fails with kQuoteInvalid for another type or size.
Result<PckCertId> ReadPckCertId(const Quote& quote);

}  // namespace tdxvfs::attest

#endif  // TDXVFS_ATTEST_PCK_CERT_ID_H_
