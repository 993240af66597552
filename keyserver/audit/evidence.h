// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_EVIDENCE_H_
#define TDXVFS_KEYSERVER_AUDIT_EVIDENCE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"

namespace tdxvfs::keyserver {

// The largest evidence that is kept, without its event log, in bytes.
inline constexpr std::size_t kMaxKeptEvidence = std::size_t{8} * 1024;

// What a guest with a genuine quote showed: enough to judge it again later,
// report_data included. Bytes as on the wire.
struct ShownEvidence {
  std::vector<std::uint8_t> quote;      // without padding
  std::vector<std::uint8_t> event_log;  // without fill; empty if none replayed
  std::string purpose;
  std::vector<std::uint8_t> nonce;
  std::vector<std::uint8_t> public_key;
  std::string volume;
  std::vector<std::uint8_t> header_sha256;
  std::vector<std::uint8_t> certificate_sha256;
  std::vector<std::uint8_t> config_digest;
};

// `tdxvfs-evidence-v1` and the members in order, each preceded by its length as
// u32 big-endian. The evidence digest of a record is SHA-256 over these bytes,
// and these bytes are what is kept.
std::vector<std::uint8_t> SerializeEvidence(const ShownEvidence& evidence);

// Reads what SerializeEvidence wrote. Fails with kFileInvalid.
Result<ShownEvidence> ParseEvidence(std::span<const std::uint8_t> bytes);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_EVIDENCE_H_
