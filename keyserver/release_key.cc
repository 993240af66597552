// SPDX-License-Identifier: Apache-2.0
#include "keyserver/release_key.h"

#include <optional>
#include <span>
#include <utility>

#include <openssl/crypto.h>

#include "attest/event_log/replay.h"
#include "attest/policy/measurement_policy.h"
#include "attest/quote.h"
#include "attest/report_data.h"
#include "attest/verify/verify_quote.h"
#include "common/hex.h"
#include "common/hkdf.h"
#include "common/hpke.h"
#include "common/profile_limits.h"
#include "keyserver/grant_wire.h"

namespace tdxvfs::keyserver {

// One attempt on its way through the steps; each step adds what it found to
// the record.
struct KeyRelease::Attempt {
  const Exchange& exchange;
  const Evidence& evidence;
  AuditRecord record{};
  attest::TdReport report{};
  std::optional<attest::TcbVerdict> tcb{};
  std::optional<event_log::EventLog> event_log{};
  attest::ReportDataBytes report_data{};
  bool allow_imported = false;  // as the policy says
  VersionRecord version{};
  // Sealing to the guest's key, set up before the decision is written down.
  X25519PublicKey encapsulated_key{};
  std::optional<HpkeContext> envelope{};
};

namespace {

void AddCheck(AuditRecord* record, std::string name, std::string expected,
              std::string actual, std::string_view source) {
  const bool passed = expected == actual;
  record->checks.push_back({std::move(name), std::move(expected),
                            std::move(actual), passed, source});
}

// Everything that policy refuses looks the same to the guest: anybody can rent
// a genuine TD, and must not learn which volumes exist (A17).
Error RefusedByPolicy(AuditRecord* record, std::string detail) {
  record->detail = std::move(detail);
  return {Reason::kRefusedByPolicy, "refused by policy"};
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

// A guest may know that its platform's TCB is refused, but only when that is
// all: otherwise it would learn that the volume exists (A17).
Result<void> ResultOf(const policy::Judgement& judgement, AuditRecord* record) {
  if (judgement.acceptance == policy::Acceptance::kAccepted) {
    return {};
  }
  std::string differing;
  for (const attest::Check& check : judgement.checks) {
    if (!check.passed) {
      differing += (differing.empty() ? "" : ", ") + check.name;
    }
  }
  Error refused =
      RefusedByPolicy(record, "the policy does not accept: " + differing);
  if (judgement.acceptance == policy::Acceptance::kTcbRefused) {
    return Error(Reason::kTcbOutOfDate,
                 "the policy does not accept the platform's TCB");
  }
  return refused;
}

template <typename Range>
std::vector<std::uint8_t> BytesOf(const Range& range) {
  return {range.begin(), range.end()};
}

// What to keep of a guest whose quote is genuine; its event log follows when it
// was found to be this guest's.
ShownEvidence ShownIn(const Exchange& exchange, const Evidence& evidence,
                      const std::vector<std::uint8_t>& quote) {
  return {.quote = quote,
          .event_log = {},
          .purpose = exchange.purpose,
          .nonce = BytesOf(exchange.nonce),
          .public_key = BytesOf(evidence.public_key),
          .volume = exchange.volume,
          .header_sha256 = BytesOf(exchange.header_sha256),
          .certificate_sha256 = BytesOf(evidence.server_certificate_sha256),
          .config_digest = BytesOf(evidence.config_digest)};
}

// Writes down platform and evidence once collateral is asked for, which a quote
// has to earn by its own cryptography: so the record has both also when there
// is no collateral.
class NotedSource : public verify::CollateralSource {
 public:
  NotedSource(verify::CollateralSource* source, ShownEvidence shown,
              AuditRecord* record)
      : source_(source), shown_(std::move(shown)), record_(record) {}

  Result<verify::CollateralOutcome> Find(const Wanted& wanted) override {
    record_->fmspc = ToHex(wanted.fmspc);
    record_->evidence = shown_;
    return source_->Find(wanted);
  }

 private:
  verify::CollateralSource* const source_;
  const ShownEvidence shown_;
  AuditRecord* const record_;
};

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
      parts.collateral == nullptr ? "none" : parts.collateral_source;
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
  return PrepareEnvelope(attempt);
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
      const verify::Evaluation evaluation,
      verify::VerifyQuote(std::move(quote),
                          {*parts_.anchor, parts_.clock->Now(),
                           parts_.collateral == nullptr ? nullptr : &source,
                           parts_.pck_chains}));
  record.checks = evaluation.checks;
  record.failure = verify::FailureClassName(evaluation.failure_class);
  record.tcb_shortfall = evaluation.tcb_shortfall;
  record.remedy = evaluation.remedy;
  if (!evaluation.genuine) {
    record.evidence.reset();
    return Error(Reason::kQuoteInvalid, evaluation.failure);
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

Result<void> KeyRelease::CheckPolicy(Attempt* attempt) const {
  AuditRecord& record = attempt->record;
  ASSIGN_OR_RETURN(const std::optional<VolumeRecord> volume,
                   parts_.store->FindVolume(attempt->exchange.volume));
  if (!volume.has_value()) {
    return RefusedByPolicy(&record, "the volume is unknown");
  }
  if (volume->disabled) {
    return RefusedByPolicy(&record, "the volume is disabled");
  }
  if (!volume->policy_json.has_value()) {
    return RefusedByPolicy(&record, "the volume has no policy");
  }
  ASSIGN_OR_RETURN(const policy::MeasurementPolicy policy,
                   policy::MeasurementPolicy::Parse(*volume->policy_json));
  record.acknowledged = policy.acknowledged();
  attempt->allow_imported = policy.allow_imported();
  ASSIGN_OR_RETURN(
      const policy::Judgement judgement,
      policy.Check({.report = attempt->report,
                    .now = parts_.clock->Now(),
                    .config_digest = &attempt->evidence.config_digest,
                    .tcb = attempt->tcb.has_value() ? &*attempt->tcb : nullptr,
                    .event_log = attempt->event_log.has_value()
                                     ? &*attempt->event_log
                                     : nullptr}));
  record.checks.insert(record.checks.end(), judgement.checks.begin(),
                       judgement.checks.end());
  return ResultOf(judgement, &record);
}

Result<void> KeyRelease::CheckHeader(Attempt* attempt) const {
  const Exchange& exchange = attempt->exchange;
  ASSIGN_OR_RETURN(
      std::optional<VersionRecord> version,
      parts_.store->FindVersion(exchange.volume, exchange.header_sha256));
  if (!version.has_value()) {
    attempt->record.detail =
        "no version of the volume ever had this header; it is not one of ours";
  } else if (version->retired) {
    attempt->record.version = version->version;
    attempt->record.detail =
        "version " + std::to_string(version->version) + " is retired";
  } else {
    attempt->record.version = version->version;
    attempt->version = std::move(*version);
    return CheckProfile(attempt);
  }
  return Error(Reason::kHeaderUnknown,
               "no live version of the volume has this header");
}

// A volume that its host can change unnoticed is released only where the policy
// says that this was seen; the record says it either way.
Result<void> KeyRelease::CheckProfile(Attempt* attempt) const {
  const std::string& profile = attempt->version.description.header_profile;
  const std::string_view limits = LimitsOfProfile(profile);
  if (limits.empty()) {
    return {};
  }
  std::string detail = "profile " + profile + ": " + std::string(limits);
  if (!attempt->allow_imported) {
    return RefusedByPolicy(
        &attempt->record,
        detail + "; the policy does not say \"allow_imported\": true");
  }
  attempt->record.detail = std::move(detail);
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
  return parts_.audit->Append(attempt->record);
}

Result<void> KeyRelease::SealGrant(Attempt* attempt,
                                   SealedGrant* sealed) const {
  ASSIGN_OR_RETURN(const Secret passphrase,
                   parts_.store->Passphrase(attempt->version));
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
  return sealed;
}

Error KeyRelease::RecordRefusal(Attempt* attempt, Error error) const {
  AuditRecord& record = attempt->record;
  if (record.detail.empty()) {
    record.detail = error.ToString();
  }
  error = ForGuest(std::move(error));
  record.reason = InfoOf(error.reason()).slug;
  // A refusal that cannot be recorded stays a refusal, without an id.
  const auto audit_id = parts_.audit->Append(record);
  return audit_id.has_value() ? std::move(error).WithAuditId(*audit_id)
                              : std::move(error);
}

Error KeyRelease::Refuse(const Exchange& exchange, Error error) {
  const Evidence none;
  Attempt attempt{exchange, none, RecordOf(exchange, parts_)};
  return RecordRefusal(&attempt, std::move(error));
}

Result<void> KeyRelease::CheckOutcome(const SealedGrant& grant,
                                      std::string_view body,
                                      std::string_view mac) {
  ASSIGN_OR_RETURN(const auto expected,
                   HmacSha256(grant.outcome_key, AsBytes(body)));
  if (mac.size() != expected.size() ||
      CRYPTO_memcmp(mac.data(), expected.data(), expected.size()) != 0) {
    return Error(Reason::kOutcomeInvalid,
                 "the outcome is not authenticated by the grant's key");
  }
  return {};
}

Result<void> KeyRelease::RecordOutcome(const Exchange& exchange,
                                       const SealedGrant& grant,
                                       std::string_view result,
                                       std::string_view reason,
                                       std::string_view detail) const {
  return parts_.audit->Append(OutcomeRecord{
      parts_.clock->Now(), grant.audit_id, exchange.volume, std::string(result),
      std::string(reason), std::string(detail)});
}

}  // namespace tdxvfs::keyserver
