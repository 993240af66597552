// SPDX-License-Identifier: Apache-2.0
#include "keyserver/evidence_replay.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "attest/event_log/replay.h"
#include "attest/quote.h"
#include "attest/report_data.h"
#include "attest/verify/verify_quote.h"
#include "common/sha256.h"

namespace tdxvfs::keyserver {
namespace {

std::string FailedNames(const attest::Checks& checks) {
  std::string names;
  for (const attest::Check& check : checks) {
    if (!check.passed) {
      names += (names.empty() ? "" : ", ") + check.name;
    }
  }
  return names;
}

ReplayVerdict RefusedFor(Reason reason, attest::Checks checks,
                         const std::string& words) {
  std::string differing = FailedNames(checks);
  if (differing.empty()) {
    differing = words;
  }
  return {std::string(InfoOf(reason).slug), std::move(differing),
          std::move(checks)};
}

// kInternal goes up; everything else is what would be said of the guest.
Result<ReplayVerdict> RefusedBy(const Error& error, attest::Checks checks) {
  if (error.reason() == Reason::kInternal) {
    return error;
  }
  return RefusedFor(error.reason(), std::move(checks), error.message());
}

Result<attest::ReportDataBytes> ReportDataOf(const ShownEvidence& shown) {
  return attest::ReportData({.purpose = shown.purpose,
                             .nonce = shown.nonce,
                             .public_key = shown.public_key,
                             .volume = shown.volume,
                             .header_sha256 = shown.header_sha256,
                             .certificate_sha256 = shown.certificate_sha256,
                             .config_digest = shown.config_digest});
}

std::optional<Sha256Digest> DigestIn(const std::vector<std::uint8_t>& bytes) {
  Sha256Digest digest{};
  if (bytes.size() != digest.size()) {
    return std::nullopt;
  }
  std::ranges::copy(bytes, digest.begin());
  return digest;
}

// What the policy says of genuine evidence; `checks` are those made so far.
Result<ReplayVerdict> JudgeGenuine(const ShownEvidence& shown,
                                   const attest::TdReport& report,
                                   const std::optional<attest::TcbVerdict>& tcb,
                                   const policy::MeasurementPolicy& policy,
                                   std::chrono::system_clock::time_point now,
                                   attest::Checks checks) {
  ASSIGN_OR_RETURN(const attest::ReportDataBytes bound, ReportDataOf(shown));
  if (!std::ranges::equal(bound, report.report_data)) {
    return RefusedFor(Reason::kBindingMismatch, {}, "report_data");
  }
  std::optional<event_log::EventLog> log;
  if (!shown.event_log.empty()) {
    auto read = event_log::ReadReplayed(shown.event_log, report, &checks);
    if (!read.has_value()) {
      return RefusedBy(read.error(), std::move(checks));
    }
    log = std::move(*read);
  }
  const auto digest = DigestIn(shown.config_digest);
  ASSIGN_OR_RETURN(
      policy::Judgement judgement,
      policy.Check({.report = report,
                    .now = now,
                    .config_digest = digest.has_value() ? &*digest : nullptr,
                    .tcb = tcb.has_value() ? &*tcb : nullptr,
                    .event_log = log.has_value() ? &*log : nullptr}));
  std::ranges::move(judgement.checks, std::back_inserter(checks));
  if (judgement.acceptance == policy::Acceptance::kAccepted) {
    return ReplayVerdict{"", "", std::move(checks)};
  }
  return RefusedFor(judgement.acceptance == policy::Acceptance::kTcbRefused
                        ? Reason::kTcbOutOfDate
                        : Reason::kRefusedByPolicy,
                    std::move(checks), "policy");
}

}  // namespace

Result<ReplayVerdict> EvidenceReplay::Judge(
    const ShownEvidence& shown, const policy::MeasurementPolicy& policy) const {
  auto quote = attest::ParseQuote(shown.quote);
  if (!quote.has_value()) {
    return RefusedBy(quote.error(), {});
  }
  auto evaluated = verify::VerifyQuote(std::move(*quote),
                                       {*anchor_, clock_->Now(), collateral_});
  if (!evaluated.has_value()) {
    return RefusedBy(evaluated.error(), {});
  }
  attest::Checks checks = std::move(evaluated->checks);
  const attest::TdReport* const report = evaluated->quote.td_report();
  if (!evaluated->genuine || report == nullptr) {
    return RefusedFor(
        evaluated->genuine ? Reason::kEvidenceUnsupported : evaluated->reason,
        std::move(checks), evaluated->failure);
  }
  return JudgeGenuine(shown, *report, evaluated->tcb, policy, clock_->Now(),
                      std::move(checks));
}

}  // namespace tdxvfs::keyserver
