// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_AUDIT_RECORD_H_
#define TDXVFS_KEYSERVER_AUDIT_AUDIT_RECORD_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/check.h"
#include "keyserver/audit/evidence.h"

namespace tdxvfs::keyserver {

// One decision about one guest, as it is kept. Byte strings are lower-case hex;
// empty members are left out of the JSON, but for volume and reason.
struct AuditRecord {
  std::chrono::system_clock::time_point time;
  bool released = false;
  std::string volume;
  std::string reason;  // slug; empty when released
  std::string detail;  // what differed, in words; never sent to a guest
  std::string purpose;
  std::string peer;
  std::string agent_version;
  std::string header_sha256;
  std::string config_digest;
  std::string certificate_sha256;
  std::optional<std::uint32_t> version;
  attest::Checks checks;
  std::vector<std::string> acknowledged;
  // Only when the quote is genuine: anybody can send bytes.
  std::optional<ShownEvidence> evidence;
  std::string fmspc;
  // Of a quote that is not genuine or a platform that is not up to date: which
  // link did not hold, what keeps it back, what to do about it.
  std::string failure;
  std::string tcb_shortfall;
  std::string remedy;
  std::string event_log_sha256;
  bool anchor_is_intel = true;
  std::string anchor_sha256;
  // Where this server takes collateral from: CollateralConfig::SourceText().
  std::string collateral;
};

// What became of a release: "opened", "failed" or "unknown".
struct OutcomeRecord {
  std::chrono::system_clock::time_point time;
  std::string audit_id;  // the release's
  std::string volume;
  std::string result;
  std::string reason;  // slug when failed
  std::string detail;
};

// What a record says about its evidence; both empty when there is none, `at`
// when it is not kept.
struct EvidenceNote {
  std::string sha256;
  std::string at;  // a place in EvidenceFiles
};

// One line of JSON without its newline. Both start with audit_id, time, kind
// ("release", "refusal", "outcome"), volume and reason, in this order.
std::string ToJsonLine(const AuditRecord& record, std::string_view audit_id,
                       const EvidenceNote& evidence = {});
std::string ToJsonLine(const OutcomeRecord& record);

// The members that every line starts with.
struct AuditLineHead {
  std::string audit_id;
  std::string time;
  std::string kind;
  std::string volume;
  std::string reason;
};

// Reads the head of a line that ToJsonLine made; nothing when it is not one.
std::optional<AuditLineHead> ReadHead(std::string_view line);

// Reads the note, or the peer, back out of such a line.
EvidenceNote ReadEvidenceNote(std::string_view line);
std::string ReadPeer(std::string_view line);

// An audit id is the log's instance (4 hex) and a sequence number: `7f3c-91`.
struct AuditId {
  std::uint16_t instance = 0;
  std::uint64_t sequence = 0;
  std::string ToString() const;
  static std::optional<AuditId> Parse(std::string_view text);
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_AUDIT_RECORD_H_
