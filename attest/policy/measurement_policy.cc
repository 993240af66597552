// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/measurement_policy.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "attest/policy/attribute_bits.h"
#include "attest/policy/attribute_checks.h"
#include "attest/policy/check_list.h"
#include "attest/policy/json_fault.h"
#include "attest/policy/json_member.h"
#include "attest/policy/policy_reader.h"
#include "attest/policy/tcb_doubts.h"

namespace tdxvfs::policy {
namespace {

constexpr std::size_t kMaxPolicySize = std::size_t{64} * 1024;

void Append(attest::Checks& checks, const attest::Checks& more) {
  checks.insert(checks.end(), more.begin(), more.end());
}

// Only a 1.5 body has MRSERVICETD. Without it nobody can tell whether a
// service TD could move the guest elsewhere, so such a body passes only where
// that does not matter.
attest::Check CheckServiceTd(
    const attest::TdReport& report,
    const std::optional<std::vector<Measurement>>& accepted,
    bool allows_migration) {
  if (report.mr_service_td.has_value()) {
    return CheckListed(
        "mr_service_td",
        accepted.value_or(std::vector<Measurement>{Measurement{}}),
        *report.mr_service_td);
  }
  return {"mr_service_td", accepted.has_value() ? ListText(*accepted) : "none",
          "not in a TD report 1.0", !accepted.has_value() && !allows_migration,
          kByPolicy};
}

// Says beside the value which of the events that the policy names differ.
attest::Check CheckRtmr(std::size_t index,
                        const std::vector<Measurement>& accepted,
                        const Measurement& actual, const EventRules& rules,
                        const std::vector<LoggedEvent>* events) {
  attest::Check check =
      CheckListed("rtmr" + std::to_string(index), accepted, actual);
  if (!check.passed && events != nullptr) {
    const std::string differing = DifferingEvents(rules, *events, index);
    if (!differing.empty()) {
      check.actual += ", differs in: " + differing;
    }
  }
  return check;
}

attest::Check CheckConfigDigest(
    const std::vector<attest::ByteArray<32>>& accepted,
    const attest::ByteArray<32>* actual) {
  if (actual == nullptr) {
    return {"config_digest", ListText(accepted), "not known", accepted.empty(),
            kByPolicy};
  }
  return CheckListed("config_digest", accepted, *actual);
}

}  // namespace

MeasurementPolicy::MeasurementPolicy()
    : td_attributes_(kDefaultTdAttributes), xfam_(kDefaultXfam) {}

Result<MeasurementPolicy> MeasurementPolicy::Parse(std::string_view json) {
  if (json.size() > kMaxPolicySize) {
    return Error(
        Reason::kPolicyInvalid,
        "policy: larger than " + std::to_string(kMaxPolicySize) + " bytes");
  }
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const auto error = parser.parse(simdjson::padded_string(json)).get(root);
  if (error != simdjson::SUCCESS) {
    const std::string fault = JsonFault(json);
    return Error(Reason::kPolicyInvalid,
                 "policy: not JSON: " +
                     (fault.empty() ? simdjson::error_message(error) : fault));
  }
  return PolicyReader().Read(JsonMember(root, "$"));
}

std::vector<std::string> MeasurementPolicy::Doubts(
    std::chrono::system_clock::time_point now) const {
  std::vector<std::string> doubts = TcbDoubts(tcb_, now);
  for (std::size_t i = 0; i < rtmr_.size(); ++i) {
    const std::string name = "rtmr" + std::to_string(i);
    if (!rtmr_.at(i).empty() &&
        std::find(acknowledged_.begin(), acknowledged_.end(), name) !=
            acknowledged_.end()) {
      doubts.push_back("'acknowledge' names '" + name +
                       "' as left out, but $.rtmr." + std::to_string(i) +
                       " pins it, and that counts; drop the one that is not "
                       "meant");
    }
  }
  return doubts;
}

attest::Checks MeasurementPolicy::CheckMeasurements(
    const GuestEvidence& guest, const std::vector<LoggedEvent>* events) const {
  const attest::TdReport& report = guest.report;
  attest::Checks checks = {CheckListed("mr_td", mr_td_, report.mr_td)};
  for (std::size_t i = 0; i < rtmr_.size(); ++i) {
    checks.push_back(
        CheckRtmr(i, rtmr_.at(i), report.rtmr.at(i), events_, events));
  }
  checks.push_back(CheckListed("mr_seam", mr_seam_, report.mr_seam));
  checks.push_back(
      CheckListed("mr_config_id", mr_config_id_, report.mr_config_id));
  checks.push_back(CheckListed("mr_owner", mr_owner_, report.mr_owner));
  checks.push_back(
      CheckListed("mr_owner_config", mr_owner_config_, report.mr_owner_config));
  checks.push_back(
      CheckServiceTd(report, mr_service_td_, AllowsMigration(td_attributes_)));
  checks.push_back(CheckConfigDigest(config_digest_, guest.config_digest));
  return checks;
}

Result<Judgement> MeasurementPolicy::Check(const GuestEvidence& guest) const {
  std::vector<LoggedEvent> logged;
  if (guest.event_log != nullptr) {
    ASSIGN_OR_RETURN(logged, LoggedEvents(*guest.event_log));
  }
  const std::vector<LoggedEvent>* events =
      guest.event_log == nullptr ? nullptr : &logged;
  const attest::TdReport& report = guest.report;
  attest::Checks checks =
      CheckTdAttributes(td_attributes_, report.td_attributes);
  Append(checks, CheckXfam(xfam_, report.xfam));
  checks.push_back(CheckSeamAttributes(report.seam_attributes));
  Append(checks, CheckMeasurements(guest, events));
  Append(checks, CheckEvents(events_, events));
  Append(checks, CheckPlatform(platforms_, guest.tcb));
  Append(checks, CheckCollateralAge(tcb_, guest.tcb, guest.now));
  const bool others_passed = AllPassed(checks);
  const attest::Checks tcb = CheckPlatformTcb(tcb_, guest.tcb, guest.now);
  Append(checks, tcb);
  if (!others_passed) {
    return Judgement{std::move(checks), Acceptance::kRefused};
  }
  return Judgement{std::move(checks), AllPassed(tcb) ? Acceptance::kAccepted
                                                     : Acceptance::kTcbRefused};
}

bool AllPassed(const attest::Checks& checks) {
  return std::all_of(checks.begin(), checks.end(),
                     [](const attest::Check& check) { return check.passed; });
}

}  // namespace tdxvfs::policy
