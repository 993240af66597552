// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/decision_text.h"

#include <array>
#include <utility>

#include "common/hex.h"
#include "common/json_text.h"
#include "common/sha256.h"
#include "keyserver/audit/evidence.h"
#include "keyserver/base64.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::array<std::pair<std::string_view, char>, 2> kBrackets = {
    {{"%5B", '['}, {"%5D", ']'}}};

// gRPC's words for a peer, ipv4:10.0.0.5:4711 or ipv6:%5B2001:db8::5%5D:4711,
// as people write them.
std::string Spelled(std::string_view peer) {
  if (peer.starts_with("ipv4:") || peer.starts_with("ipv6:")) {
    peer.remove_prefix(5);
  }
  std::string text(peer);
  for (const auto& [code, bracket] : kBrackets) {
    if (const auto at = text.find(code); at != std::string::npos) {
      text.replace(at, code.size(), 1, bracket);
    }
  }
  return text;
}

// A peer is an address and a port; who asks for the address alone means every
// port.
bool IsPeer(std::string_view wanted, std::string_view peer) {
  const std::string asked = Spelled(wanted);
  const std::string spelled = Spelled(peer);
  const std::string address = spelled.substr(0, spelled.rfind(':'));
  return spelled == asked || address == asked || address == "[" + asked + "]";
}

}  // namespace

std::string WithOutcome(std::string_view decision, std::string_view outcome) {
  if (outcome.empty()) {
    return std::string(decision);
  }
  return std::string(decision.substr(0, decision.size() - 1)) +
         ",\"outcome\":" + std::string(outcome) + "}";
}

Result<ShownEvidence> EvidenceOf(std::string_view decision,
                                 const EvidenceFiles* files) {
  const EvidenceNote note = ReadEvidenceNote(decision);
  if (note.at.empty() || files == nullptr) {
    return Error(Reason::kFileNotFound, "no evidence was kept");
  }
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, files->Read(note.at));
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256(bytes));
  if (ToHex(digest) != note.sha256) {
    return Error(Reason::kFileInvalid, "the evidence is not what was shown");
  }
  return ParseEvidence(bytes);
}

std::string WithEvidence(const std::string& decision,
                         const EvidenceFiles* files) {
  if (ReadEvidenceNote(decision).at.empty() || files == nullptr) {
    return decision;
  }
  const auto shown = EvidenceOf(decision, files);
  const std::string start = decision.substr(0, decision.size() - 1);
  if (!shown.has_value()) {
    return start + (shown.error().reason() == Reason::kFileInvalid
                        ? R"(,"evidence":"damaged"})"
                        : R"(,"evidence":"dropped"})");
  }
  JsonObject members;
  members.String("evidence", "kept")
      .String("nonce", ToHex(shown->nonce))
      .String("public_key", ToHex(shown->public_key))
      .String("quote", ToBase64(shown->quote));
  if (!shown->event_log.empty()) {
    members.String("event_log", ToBase64(shown->event_log));
  }
  return start + "," + members.Close().substr(1);
}

bool MatchesEverything(const AuditFilter& filter) {
  return filter.volume.empty() && filter.reason.empty() &&
         filter.peer.empty() && filter.since.empty() && filter.until.empty();
}

bool Matches(const AuditFilter& filter, const AuditLineHead& head,
             std::string_view line) {
  const bool is_outcome = head.kind == "outcome";
  return (filter.volume.empty() || head.volume == filter.volume) &&
         (filter.reason.empty() || is_outcome ||
          head.reason == filter.reason) &&
         (filter.peer.empty() || is_outcome ||
          IsPeer(filter.peer, ReadPeer(line))) &&
         (filter.since.empty() || head.time >= filter.since) &&
         (filter.until.empty() || head.time < filter.until);
}

}  // namespace tdxvfs::keyserver
