// SPDX-License-Identifier: Apache-2.0
#include "simulator/collateral_options.h"

#include <time.h>

#include <chrono>

#include "attest/tcb_status.h"

namespace tdxvfs::simulator {
namespace {

using std::chrono::system_clock;

// The words that a level of a document may carry; modules and enclaves have
// fewer, which is left to whoever reads the document.
Result<void> SetStatus(const std::string& option, const std::string& word,
                       OutcomeSpec& outcome) {
  if (word.empty()) {
    return {};
  }
  const auto status = attest::TcbStatusFromName(word);
  if (!status.has_value() || *status == attest::TcbStatus::kTdRelaunchAdvised ||
      *status == attest::TcbStatus::kTdRelaunchAdvisedConfigurationNeeded) {
    return Error(Reason::kUsage,
                 option + ": '" + word + "' is no status of a TCB level");
  }
  outcome.status = word;
  return {};
}

// The levels that the pretend platform, its module and its quoting enclave
// reach.
std::vector<OutcomeSpec*> ReachedOutcomes(CollateralSpec& spec) {
  std::vector<OutcomeSpec*> outcomes = {
      &spec.tcb_info.levels.front().outcome,
      &spec.qe_identity.levels.front().outcome};
  for (auto& identity : spec.tcb_info.tdx_module_identities) {
    outcomes.push_back(&identity.levels.front().outcome);
  }
  return outcomes;
}

Result<void> SetOutcomes(const CollateralOptions& options,
                         CollateralSpec& spec) {
  RETURN_IF_ERROR(SetStatus("--status", options.status,
                            spec.tcb_info.levels.front().outcome));
  RETURN_IF_ERROR(SetStatus("--qe-status", options.qe_status,
                            spec.qe_identity.levels.front().outcome));
  for (auto& identity : spec.tcb_info.tdx_module_identities) {
    RETURN_IF_ERROR(SetStatus("--module-status", options.module_status,
                              identity.levels.front().outcome));
  }
  if (!options.tcb_date.empty()) {
    RETURN_IF_ERROR(ParseTime("--tcb-date", options.tcb_date));
    for (OutcomeSpec* const outcome : ReachedOutcomes(spec)) {
      outcome->date = options.tcb_date;
    }
  }
  if (!options.advisory_ids.empty()) {
    spec.tcb_info.levels.front().outcome.advisory_ids = options.advisory_ids;
  }
  return {};
}

Result<void> Revoke(const Pki& pki, const CollateralOptions& options,
                    CollateralSpec& spec) {
  for (const std::string& word : options.revoke) {
    if (word == "leaf") {
      ASSIGN_OR_RETURN(Bytes serial, SerialOf(pki.leaf()));
      spec.pck_crl.revoked.push_back({std::move(serial)});
    } else if (word == "intermediate" || word == "tcb-signing") {
      ASSIGN_OR_RETURN(Bytes serial,
                       SerialOf(word == "intermediate" ? pki.intermediate()
                                                       : pki.tcb_signing()));
      spec.root_ca_crl.revoked.push_back({std::move(serial)});
    } else {
      return Error(Reason::kUsage, "--revoke: '" + word +
                                       "' is not leaf, intermediate or "
                                       "tcb-signing");
    }
  }
  return {};
}

Result<void> SetNumbersAndDates(const CollateralOptions& options,
                                CollateralSpec& spec) {
  spec.tcb_info.version = options.tcb_info_version;
  if (options.evaluation_number != 0) {
    spec.tcb_info.evaluation_number = options.evaluation_number;
    spec.qe_identity.evaluation_number = options.evaluation_number;
  }
  if (!options.next_update.empty()) {
    ASSIGN_OR_RETURN(const auto until,
                     ParseTime("--next-update", options.next_update));
    spec.tcb_info.next_update = until;
    spec.qe_identity.next_update = until;
    spec.root_ca_crl.next_update = until;
    spec.pck_crl.next_update = until;
  }
  return {};
}

}  // namespace

Result<attest::Tee> ParseTee(const std::string& word) {
  if (word == "tdx") {
    return attest::Tee::kTdx;
  }
  if (word == "sgx") {
    return attest::Tee::kSgx;
  }
  return Error(Reason::kUsage, "--tee: '" + word + "' is not tdx or sgx");
}

Result<system_clock::time_point> ParseTime(const std::string& option,
                                           const std::string& text) {
  tm parts{};
  const char* const end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  const auto time = system_clock::from_time_t(timegm(&parts));
  // Written back it must be the same: no February 30, no missing digits.
  if (end == nullptr || *end != '\0' || DocumentTime(time) != text) {
    return Error(Reason::kUsage,
                 option + ": '" + text + "' is not YYYY-MM-DDThh:mm:ssZ");
  }
  return time;
}

Result<CollateralSpec> CollateralSpecFromOptions(
    const Pki& pki, const CollateralOptions& options) {
  ASSIGN_OR_RETURN(const attest::Tee tee, ParseTee(options.tee));
  if (options.tcb_info_version == 2 && tee != attest::Tee::kSgx) {
    return Error(Reason::kUsage,
                 "--tcb-info-version: 2 is for SGX only, add --tee sgx");
  }
  // Whole seconds: all that documents and CRLs can tell.
  system_clock::time_point now =
      std::chrono::floor<std::chrono::seconds>(system_clock::now());
  if (!options.at.empty()) {
    ASSIGN_OR_RETURN(now, ParseTime("--at", options.at));
  }
  ASSIGN_OR_RETURN(const Platform platform, PlatformOf(pki.leaf()));
  CollateralSpec spec = GoodCollateralSpec(tee, platform, now);
  RETURN_IF_ERROR(SetOutcomes(options, spec));
  RETURN_IF_ERROR(SetNumbersAndDates(options, spec));
  RETURN_IF_ERROR(Revoke(pki, options, spec));
  return spec;
}

}  // namespace tdxvfs::simulator
