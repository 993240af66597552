// SPDX-License-Identifier: Apache-2.0
#include "cli/quote_policy.h"

#include <algorithm>
#include <utility>

#include "attest/event_log/replay.h"
#include "attest/verify/check_record.h"
#include "cli/policy_file.h"
#include "common/file.h"
#include "common/hex.h"

namespace tdxvfs::cli {
namespace {

// Names of the checks that failed, joined by ", ".
std::string FailedNames(const attest::Checks& checks) {
  std::string names;
  for (const attest::Check& check : checks) {
    if (!check.passed) {
      names += (names.empty() ? "" : ", ") + check.name;
    }
  }
  return names;
}

void Refuse(Reason reason, std::string failure, QuoteVerdict& verdict) {
  verdict.genuine = false;
  verdict.reason = reason;
  verdict.failure = std::move(failure);
}

void Append(attest::Checks checks, QuoteVerdict& verdict) {
  for (attest::Check& check : checks) {
    verdict.checks.push_back(std::move(check));
  }
}

// Policies and event logs are about trust domains.
void RefuseSgx(QuoteVerdict& verdict) {
  attest::Check check = verify::Demand("TEE", "tdx", "policy");
  check.actual = "sgx";
  verdict.checks.push_back(std::move(check));
  Refuse(Reason::kEvidenceUnsupported,
         "TEE: policies and event logs are for TDX quotes", verdict);
}

// The log, or null when it is not this guest's: then the verdict says so.
Result<std::optional<event_log::EventLog>> ReadLog(const std::string& bytes,
                                                   QuoteVerdict& verdict) {
  std::optional<event_log::EventLog> none;
  attest::Checks checks;
  auto log =
      event_log::ReadReplayed(AsBytes(bytes), *verdict.td_report, &checks);
  if (!log.has_value() && log.error().reason() == Reason::kInternal) {
    return std::move(log).error();
  }
  if (!log.has_value()) {
    if (FailedNames(checks).empty()) {
      checks.push_back(
          verify::Demand("event log", "a crypto-agile log",
                         "TCG PC Client Platform Firmware Profile 1.06, 10.2"));
      checks.back().actual = log.error().message();
    }
    Append(std::move(checks), verdict);
    Refuse(log.error().reason(), log.error().ToString(), verdict);
    verdict.remedy = "take quote and event log from the same boot of the guest";
    return none;
  }
  Append(std::move(checks), verdict);
  return std::optional(std::move(*log));
}

// A digest that nobody gave is no fault of the guest's.
void TellOfConfigDigest(const Demands& demands, const attest::Checks& checks,
                        QuoteVerdict& verdict) {
  const bool refused = std::ranges::any_of(checks, [](const auto& check) {
    return check.name == "config_digest" && !check.passed;
  });
  if (refused && !demands.config_digest.has_value()) {
    verdict.remedy =
        "give --config-digest: what 'tdxvfs-agent config-digest NAME' prints "
        "on the guest";
  }
}

Result<std::optional<attest::ByteArray<32>>> ReadConfigDigest(
    const std::string& hex) {
  if (hex.empty()) {
    return std::optional<attest::ByteArray<32>>();
  }
  const auto bytes = FromHex(hex);
  attest::ByteArray<32> digest{};
  if (!bytes.has_value() || bytes->size() != digest.size()) {
    return Error(Reason::kUsage,
                 "--config-digest: not 64 hex digits: '" + hex + "'");
  }
  std::ranges::copy(*bytes, digest.begin());
  return std::optional(digest);
}

}  // namespace

Result<Demands> LoadDemands(const std::string& policy_file,
                            const std::string& event_log_file,
                            const std::string& config_digest) {
  Demands demands;
  ASSIGN_OR_RETURN(demands.config_digest, ReadConfigDigest(config_digest));
  if (!policy_file.empty()) {
    ASSIGN_OR_RETURN(const std::string json, ReadPolicyFile(policy_file));
    ASSIGN_OR_RETURN(demands.policy, policy::MeasurementPolicy::Parse(json));
  }
  if (!event_log_file.empty()) {
    // One byte more than is looked at, so that the parser tells what is wrong.
    ASSIGN_OR_RETURN(demands.event_log,
                     ReadFile(event_log_file, event_log::kMaxEventLogSize + 1));
  }
  return demands;
}

Result<void> ApplyDemands(const Demands& demands,
                          std::chrono::system_clock::time_point now,
                          QuoteVerdict& verdict) {
  if (!verdict.genuine ||
      (!demands.policy.has_value() && !demands.event_log.has_value())) {
    return {};
  }
  if (!verdict.td_report.has_value()) {
    RefuseSgx(verdict);
    return {};
  }
  std::optional<event_log::EventLog> log;
  if (demands.event_log.has_value()) {
    ASSIGN_OR_RETURN(log, ReadLog(*demands.event_log, verdict));
  }
  if (!verdict.genuine || !demands.policy.has_value()) {
    return {};
  }
  ASSIGN_OR_RETURN(
      policy::Judgement judgement,
      demands.policy->Check(
          {.report = *verdict.td_report,
           .now = now,
           .config_digest = demands.config_digest.has_value()
                                ? &*demands.config_digest
                                : nullptr,
           .tcb = verdict.tcb.has_value() ? &*verdict.tcb : nullptr,
           .event_log = log.has_value() ? &*log : nullptr}));
  if (judgement.acceptance != policy::Acceptance::kAccepted) {
    TellOfConfigDigest(demands, judgement.checks, verdict);
    Refuse(judgement.acceptance == policy::Acceptance::kTcbRefused
               ? Reason::kTcbOutOfDate
               : Reason::kRefusedByPolicy,
           "genuine, but not what the policy accepts: " +
               FailedNames(judgement.checks),
           verdict);
  }
  Append(std::move(judgement.checks), verdict);
  return {};
}

}  // namespace tdxvfs::cli
