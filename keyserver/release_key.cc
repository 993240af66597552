// SPDX-License-Identifier: Apache-2.0
#include "keyserver/release_key.h"

#include <span>
#include <utility>

#include <openssl/crypto.h>

#include "attest/event_log/replay.h"
#include "attest/quote.h"
#include "attest/verify/verify_quote.h"
#include "common/hex.h"
#include "keyserver/grant_wire.h"
#include "keyserver/noted_source.h"
#include "keyserver/release_attempt.h"

namespace tdxvfs::keyserver {

namespace {

void AddCheck(AuditRecord* record, std::string name, std::string expected,
              std::string actual, std::string_view source) {
  const bool passed = expected == actual;
  record->checks.push_back({std::move(name), std::move(expected),
                            std::move(actual), passed, source});
}

// A guest may know why its request, evidence or platform was refused. What is
// wrong with this server's own store or files is its operator's business.
Error ForGuest(Error error) {
  const int family = InfoOf(error.reason()).exit_code;
  if (family == 4 || family == 5) {
    return error;
  }
  return {Reason::kInternal, "the key server could not decide"};
}

AuditRecord RecordOf(const Exchange& exchange, const ReleaseParts& parts) {
  AuditRecord record;
  record.time = parts.clock->Now();
  record.volume = exchange.volume;
  record.purpose = exchange.purpose;
  record.peer = exchange.peer;
  record.agent_version = exchange.agent_version;
  record.header_sha256 = ToHex(exchange.header_sha256);
  record.anchor_is_intel = parts.anchor->is_intel();
  record.anchor_sha256 = ToHex(parts.anchor->key_digest());
  record.collateral =
      parts.collateral == nullptr ? "none" : parts.collateral_source();
  return record;
}

}  // namespace

Result<SealedGrant> KeyRelease::Release(const Exchange& exchange,
                                        const Evidence& evidence) {
  Attempt attempt{exchange, evidence, RecordOf(exchange, parts_)};
  AuditRecord& record = attempt.record;
  record.config_digest = ToHex(evidence.config_digest);
  record.certificate_sha256 = ToHex(evidence.server_certificate_sha256);
  if (auto decided = Decide(&attempt); !decided.has_value()) {
    return RecordRefusal(&attempt, std::move(decided).error());
  }
  ASSIGN_OR_RETURN(std::string audit_id, Record(&attempt));
  return Seal(&attempt, std::move(audit_id));
}

Result<void> KeyRelease::Decide(Attempt* attempt) const {
  RETURN_IF_ERROR(CheckNonce(attempt));
  RETURN_IF_ERROR(CheckGenuine(attempt));
  RETURN_IF_ERROR(CheckBinding(attempt));
  RETURN_IF_ERROR(CheckEventLog(attempt));
  RETURN_IF_ERROR(CheckPolicy(attempt));
  RETURN_IF_ERROR(CheckHeader(attempt));
  RETURN_IF_ERROR(CheckLimits(attempt));
  RETURN_IF_ERROR(PrepareEnvelope(attempt));
  return CountRelease(attempt);
}

// The nonce belongs to the stream and the stream takes Evidence once, so what
// is left to ask is whether it came in time (A2, A12: by our clock alone).
Result<void> KeyRelease::CheckNonce(Attempt* attempt) const {
  if (parts_.clock->Steady() > attempt->exchange.evidence_deadline) {
    return Error(Reason::kNonceExpired,
                 "the evidence came after the challenge's deadline");
  }
  return {};
}

Result<void> KeyRelease::CheckGenuine(Attempt* attempt) const {
  AuditRecord& record = attempt->record;
  ASSIGN_OR_RETURN(attest::Quote quote,
                   attest::ParseQuote(attempt->evidence.quote));
  NotedSource source(parts_.collateral,
                     ShownIn(attempt->exchange, attempt->evidence, quote.bytes),
                     &record);
  ASSIGN_OR_RETURN(
      verify::Evaluation evaluation,
      verify::VerifyQuote(std::move(quote),
                          {*parts_.anchor, parts_.clock->Now(),
                           parts_.collateral == nullptr ? nullptr : &source,
                           parts_.pck_chains}));
  record.checks = std::move(evaluation.checks);
  record.failure = verify::FailureClassName(evaluation.failure_class);
  record.tcb_shortfall = evaluation.tcb_shortfall;
  record.remedy = evaluation.remedy;
  if (!evaluation.genuine) {
    record.evidence.reset();
    return Error(evaluation.reason, evaluation.failure);
  }
  const attest::TdReport* report = evaluation.quote.td_report();
  if (report == nullptr) {
    return Error(Reason::kEvidenceUnsupported,
                 "an SGX enclave's quote, not a TDX guest's");
  }
  attempt->report = *report;
  attempt->tcb = evaluation.tcb;
  record.evidence =
      ShownIn(attempt->exchange, attempt->evidence, evaluation.quote.bytes);
  record.fmspc = ToHex(evaluation.platform.fmspc);
  return {};
}

Result<void> KeyRelease::CheckBinding(Attempt* attempt) const {
  const Exchange& exchange = attempt->exchange;
  const Evidence& evidence = attempt->evidence;
  AuditRecord& record = attempt->record;
  if (!parts_.certificates->Accepts(evidence.server_certificate_sha256)) {
    AddCheck(&record, "server certificate",
             ToHex(parts_.certificates->current()), record.certificate_sha256,
             "tls.certificate");
    return Error(Reason::kBindingMismatch,
                 "the guest sees another server certificate than ours");
  }
  ASSIGN_OR_RETURN(
      attempt->report_data,
      attest::ReportData(
          {.purpose = exchange.purpose,
           .nonce = exchange.nonce,
           .public_key = evidence.public_key,
           .volume = exchange.volume,
           .header_sha256 = exchange.header_sha256,
           .certificate_sha256 = evidence.server_certificate_sha256,
           .config_digest = evidence.config_digest}));
  const attest::ReportDataBytes& quoted = attempt->report.report_data;
  AddCheck(&record, "report_data", ToHex(attempt->report_data), ToHex(quoted),
           "this exchange");
  if (CRYPTO_memcmp(attempt->report_data.data(), quoted.data(),
                    quoted.size()) != 0) {
    return Error(Reason::kBindingMismatch,
                 "report_data is not the one of this exchange");
  }
  return {};
}

// The log is not in report_data and need not be: what counts of it are the
// digests that lead to the quoted registers, and nobody finds others that do.
Result<void> KeyRelease::CheckEventLog(Attempt* attempt) const {
  const std::vector<std::uint8_t>& sent = attempt->evidence.event_log;
  if (sent.empty()) {
    return {};
  }
  AuditRecord& record = attempt->record;
  ASSIGN_OR_RETURN(
      attempt->event_log,
      event_log::ReadReplayed(sent, attempt->report, &record.checks));
  const auto kept = std::span(sent).first(attempt->event_log->size);
  record.evidence->event_log.assign(kept.begin(), kept.end());
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256(kept));
  record.event_log_sha256 = ToHex(digest);
  return {};
}

// A key that no shared secret can be made with is refused here, while it can
// still be recorded as a refusal.
Result<void> KeyRelease::PrepareEnvelope(Attempt* attempt) const {
  ASSIGN_OR_RETURN(
      attempt->envelope,
      HpkeContext::SetupSender(attempt->evidence.public_key,
                               attest::GrantInfo(attempt->report_data),
                               &attempt->encapsulated_key));
  return {};
}

Result<std::string> KeyRelease::Record(Attempt* attempt) const {
  attempt->record.released = true;
  auto audit_id = Timed(parts_.metrics, Step::kRecordDecision,
                        [&] { return parts_.audit->Append(attempt->record); });
  if (!audit_id.has_value() && attempt->version.limits.releases.has_value()) {
    // If this fails too, one release too many is counted, never one too few.
    (void)parts_.store->GiveBack(attempt->version.volume,
                                 attempt->version.version);
  }
  return audit_id;
}

Result<void> KeyRelease::SealGrant(Attempt* attempt,
                                   SealedGrant* sealed) const {
  ASSIGN_OR_RETURN(const Secret passphrase,
                   Timed(parts_.metrics, Step::kUnsealPassphrase, [&] {
                     return parts_.store->Passphrase(attempt->version);
                   }));
  ASSIGN_OR_RETURN(const Secret grant,
                   SerializeGrant(attempt->version, passphrase));
  ASSIGN_OR_RETURN(sealed->outcome_key,
                   attempt->envelope->Export(attest::kOutcomeLabel, 32));
  ASSIGN_OR_RETURN(sealed->ciphertext, attempt->envelope->Seal({}, grant));
  return {};
}

Result<SealedGrant> KeyRelease::Seal(Attempt* attempt,
                                     std::string audit_id) const {
  SealedGrant sealed{std::move(audit_id),
                     attempt->version.version,
                     attempt->encapsulated_key,
                     {},
                     {}};
  auto done = SealGrant(attempt, &sealed);
  if (!done.has_value()) {
    // The record says released; say beside it that nothing went out.
    Error error = std::move(done).error();
    RETURN_IF_ERROR(RecordOutcome(attempt->exchange, sealed, "failed",
                                  InfoOf(error.reason()).slug,
                                  "not sent: " + error.ToString()));
    return ForGuest(std::move(error)).WithAuditId(sealed.audit_id);
  }
  if (parts_.guests != nullptr) {
    parts_.guests->Note(attempt->exchange.volume, sealed.version,
                        attempt->exchange.peer, parts_.clock->Now());
  }
  return sealed;
}

Error KeyRelease::RecordRefusal(Attempt* attempt, Error error) const {
  AuditRecord& record = attempt->record;
  if (record.detail.empty()) {
    record.detail = error.ToString();
  } else if (error.reason() != Reason::kRefusedByPolicy) {
    // What was noted on the way is not the cause.
    record.detail = error.ToString() + "; " + record.detail;
  }
  error = ForGuest(std::move(error));
  record.reason = InfoOf(error.reason()).slug;
  // A refusal that cannot be recorded stays a refusal, without an id.
  const auto audit_id = Timed(parts_.metrics, Step::kRecordDecision,
                              [&] { return parts_.audit->Append(record); });
  return audit_id.has_value() ? std::move(error).WithAuditId(*audit_id)
                              : std::move(error);
}

Error KeyRelease::Refuse(const Exchange& exchange, Error error) {
  const Evidence none;
  Attempt attempt{exchange, none, RecordOf(exchange, parts_)};
  return RecordRefusal(&attempt, std::move(error));
}

}  // namespace tdxvfs::keyserver
