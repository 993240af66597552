// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_REPORT_DATA_H_
#define TDXVFS_ATTEST_REPORT_DATA_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace tdxvfs::attest {

using ReportDataBytes = std::array<std::uint8_t, 64>;

// Everything that a release quote is bound to (docs/protocol.md, "Exact
// bytes"). Both sides compute it; the server from its own nonce.
struct ReportDataInput {
  std::string_view purpose;                          // "OPEN" or "FORMAT"
  std::span<const std::uint8_t> nonce;               // 32 bytes
  std::span<const std::uint8_t> public_key;          // X25519, 32 bytes
  std::string_view volume;                           // volume id, UTF-8
  std::span<const std::uint8_t> header_sha256;       // 32; empty for FORMAT
  std::span<const std::uint8_t> certificate_sha256;  // leaf DER, 32 bytes
  std::span<const std::uint8_t> config_digest;       // 32 bytes
};

// SHA-512 over `tdxvfs-release-v1` and the members above in order, each
// preceded by its length as u32 big-endian. Fails with kInternal only.
Result<ReportDataBytes> ReportData(const ReportDataInput& input);

// HPKE info of the grant: `tdxvfs-grant-v1` followed by report_data.
std::vector<std::uint8_t> GrantInfo(const ReportDataBytes& report_data);

// HPKE exporter context of the key that authenticates an Outcome.
inline constexpr std::string_view kOutcomeLabel = "tdxvfs-outcome-v1";

}  // namespace tdxvfs::attest

#endif  // TDXVFS_ATTEST_REPORT_DATA_H_
