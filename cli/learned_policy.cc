// SPDX-License-Identifier: Apache-2.0
#include "cli/learned_policy.h"

#include <algorithm>
#include <vector>

#include "attest/event_log/replay.h"
#include "attest/policy/measurement_policy.h"
#include "cli/indent_json.h"
#include "cli/json_leaves.h"
#include "cli/policy_file.h"
#include "common/sha256.h"

namespace tdxvfs::cli {
namespace {

// Lists of measurements are what a policy learns; its other members are our
// own strict defaults.
bool IsLearned(const JsonLeaf& leaf) {
  return leaf.path.starts_with("mr_") || leaf.path.starts_with("rtmr.");
}

Error NotExpected(const std::string& what,
                  const std::filesystem::path& expect_file) {
  return {Reason::kRefusedByPolicy, "the guest's " + what +
                                        " is not among the values of '" +
                                        expect_file.string() + "'"};
}

// What a quote alone does not tell, and a policy does not learn from it.
bool IsBesideTheQuote(const attest::Check& check) {
  const auto starts = {"config_digest", "tcb ", "platform ", "collateral ",
                       "event"};
  return std::any_of(starts.begin(), starts.end(), [&check](const char* start) {
    return check.name.starts_with(start);
  });
}

// Attributes are masks: the file's own policy judges them.
Result<void> CheckMasks(const std::string& expected,
                        const attest::TdReport& report,
                        const std::filesystem::path& expect_file) {
  ASSIGN_OR_RETURN(const auto policy,
                   policy::MeasurementPolicy::Parse(expected));
  ASSIGN_OR_RETURN(const policy::Judgement judgement,
                   policy.Check({.report = report, .now = {}}));
  for (const attest::Check& check : judgement.checks) {
    if (!check.passed && !IsBesideTheQuote(check)) {
      return NotExpected(check.name + " (" + check.actual + ")", expect_file);
    }
  }
  return {};
}

Result<void> CheckExpected(const std::string& learned,
                           const attest::TdReport& report,
                           const std::filesystem::path& expect_file) {
  ASSIGN_OR_RETURN(const std::string expected, ReadPolicyFile(expect_file));
  ASSIGN_OR_RETURN(const std::vector<JsonLeaf> wanted,
                   ReadJsonLeaves(expected));
  ASSIGN_OR_RETURN(const std::vector<JsonLeaf> found, ReadJsonLeaves(learned));
  for (const JsonLeaf& value : found) {
    const bool known = std::any_of(
        wanted.begin(), wanted.end(), [&value](const JsonLeaf& each) {
          return each.path == value.path && each.value == value.value;
        });
    if (IsLearned(value) && !known) {
      return NotExpected(
          value.path.substr(0, value.path.find('[')) + " " + value.value,
          expect_file);
    }
  }
  return CheckMasks(expected, report, expect_file);
}

}  // namespace

Result<std::string> LearnPolicy(const LearnedFrom& guest,
                                const std::filesystem::path& expect_file) {
  const attest::TdReport* report = guest.quote.td_report();
  if (report == nullptr) {
    return Error(Reason::kEvidenceUnsupported,
                 "the quote is of an SGX enclave; policies are for TDX guests");
  }
  const bool learned = expect_file.empty();
  std::optional<event_log::EventLog> log;
  if (!guest.event_log.empty()) {
    ASSIGN_OR_RETURN(
        log, event_log::ReadReplayed(guest.event_log, *report, nullptr));
  }
  ASSIGN_OR_RETURN(
      const std::string json,
      policy::PolicyFromReport(*report, learned,
                               learned && log.has_value() ? &*log : nullptr));
  if (!learned) {
    RETURN_IF_ERROR(CheckExpected(json, *report, expect_file));
  }
  // A debug guest, for one, cannot have a policy: none would accept it.
  RETURN_IF_ERROR(
      policy::MeasurementPolicy::Parse(json).Context("policy for this guest"));
  return IndentJson(json);
}

}  // namespace tdxvfs::cli
