// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_RELEASE_KEY_H_
#define TDXVFS_KEYSERVER_RELEASE_KEY_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attest/verify/collateral.h"
#include "attest/verify/pck_chain_source.h"
#include "attest/verify/trust_anchor.h"
#include "common/clock.h"
#include "common/result.h"
#include "common/secret.h"
#include "common/sha256.h"
#include "common/x25519.h"
#include "keyserver/audit/audit_log.h"
#include "keyserver/guest_book.h"
#include "keyserver/keys/key_store.h"
#include "keyserver/policy_cache.h"
#include "keyserver/served_certificates.h"
#include "keyserver/volume_rate.h"
#include "keyserver/watch/metrics.h"

namespace tdxvfs::keyserver {

using Nonce = std::array<std::uint8_t, 32>;

// What a guest asked for in Begin, and the nonce that its stream was given.
struct Exchange {
  std::string volume;
  std::string purpose;  // "OPEN"
  Sha256Digest header_sha256{};
  std::string agent_version;
  std::string peer;
  Nonce nonce{};
  // Until when Evidence may come, by the clock that never jumps.
  std::chrono::steady_clock::time_point evidence_deadline;
};

// What the guest answered to the nonce.
struct Evidence {
  std::vector<std::uint8_t> quote;
  X25519PublicKey public_key{};
  std::vector<std::uint8_t> event_log;
  Sha256Digest server_certificate_sha256{};
  Sha256Digest config_digest{};
};

// A grant on its way: sealed to the key inside the quote.
struct SealedGrant {
  std::string audit_id;
  std::uint32_t version = 0;
  X25519PublicKey encapsulated_key{};
  std::vector<std::uint8_t> ciphertext;
  Secret outcome_key;  // authenticates the guest's Outcome
};

// Where the answers come from; all outlive the KeyRelease.
struct ReleaseParts {
  KeyStore* store = nullptr;
  AuditLog* audit = nullptr;
  const Clock* clock = nullptr;
  const verify::TrustAnchor* anchor = nullptr;
  const ServedCertificates* certificates = nullptr;
  // Null with collateral = "none": TCB levels and revocation are not looked at.
  verify::CollateralSource* collateral = nullptr;
  // Null: a quote without a PCK chain in it is refused.
  verify::PckChainSource* pck_chains = nullptr;
  // What audit records say about collateral.
  std::function<std::string()> collateral_source;
  // Null: no limit per volume.
  VolumeRate* volume_rate = nullptr;
  // Where releases are noted for who wants to retire a version; may be null.
  GuestBook* guests = nullptr;
  Metrics* metrics = nullptr;  // null: nothing is counted
};

// Decides whether a guest gets a key, and writes every decision down.
// Thread-safe; blocks for the audit log's sync.
class KeyRelease {
 public:
  explicit KeyRelease(ReleaseParts parts) : parts_(std::move(parts)) {}

  // The whole decision, in the order of docs/protocol.md. A refusal's error
  // carries the reason that the guest may know and the audit id; what differed
  // is only in the audit record.
  Result<SealedGrant> Release(const Exchange& exchange,
                              const Evidence& evidence);

  // Writes down a refusal that was decided before any evidence came, and
  // returns `error` with the audit id.
  Error Refuse(const Exchange& exchange, Error error);

  // Checks an Outcome's MAC. Fails with kOutcomeInvalid.
  static Result<void> CheckOutcome(const SealedGrant& grant,
                                   std::string_view body, std::string_view mac);

  // Writes down what became of a release: "opened", "failed" or "unknown".
  Result<void> RecordOutcome(const Exchange& exchange, const SealedGrant& grant,
                             std::string_view result, std::string_view reason,
                             std::string_view detail) const;

 private:
  struct Attempt;
  Result<void> CheckNonce(Attempt* attempt) const;
  Result<void> CheckGenuine(Attempt* attempt) const;
  Result<void> CheckBinding(Attempt* attempt) const;
  Result<void> CheckEventLog(Attempt* attempt) const;
  Result<void> CheckPolicy(Attempt* attempt) const;
  Result<void> CheckHeader(Attempt* attempt) const;
  Result<void> CheckProfile(Attempt* attempt) const;
  Result<void> CheckLimits(Attempt* attempt) const;
  Result<void> CountRelease(Attempt* attempt) const;
  Result<std::string> Record(Attempt* attempt) const;
  Result<void> PrepareEnvelope(Attempt* attempt) const;
  Result<void> SealGrant(Attempt* attempt, SealedGrant* sealed) const;
  Result<SealedGrant> Seal(Attempt* attempt, std::string audit_id) const;
  Result<void> Decide(Attempt* attempt) const;
  Error RecordRefusal(Attempt* attempt, Error error) const;

  const ReleaseParts parts_;
  mutable PolicyCache policies_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_RELEASE_KEY_H_
