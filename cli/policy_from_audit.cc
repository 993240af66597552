// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "attest/event_log/event_log.h"
#include "attest/policy/measurement_policy.h"
#include "cli/admin_client.h"
#include "cli/audit_record.h"
#include "cli/check_table.h"
#include "cli/commands.h"
#include "cli/learned_policy.h"
#include "common/clock.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string audit_id;
  std::string expect;
  std::string server;
};

// The checks of a policy that this guest fails.
Result<attest::Checks> DifferencesFrom(const policy::MeasurementPolicy& policy,
                                       const attest::TdReport& report,
                                       const RecordedGuest& guest) {
  attest::Checks differences;
  std::optional<event_log::EventLog> log;
  if (!guest.event_log.empty()) {
    ASSIGN_OR_RETURN(log, event_log::ParseEventLog(guest.event_log));
  }
  ASSIGN_OR_RETURN(
      const policy::Judgement judgement,
      policy.Check({.report = report,
                    .now = SystemClock().Now(),
                    .config_digest = &guest.config_digest,
                    .event_log = log.has_value() ? &*log : nullptr}));
  for (const attest::Check& check : judgement.checks) {
    if (!check.passed) {
      differences.push_back(check);
    }
  }
  return differences;
}

// What the current policy says to this guest. The operator sees it before the
// new policy, since a difference may be an attack and not an update.
Result<void> PrintDifference(AdminClient& server, const RecordedGuest& guest,
                             const Console& console) {
  const attest::TdReport* report = guest.quote.td_report();
  const std::string volume = "volume '" + guest.volume + "'";
  auto current = server.GetPolicy(guest.volume);
  if (!current.has_value()) {
    if (current.error().reason() != Reason::kPolicyMissing &&
        current.error().reason() != Reason::kVolumeUnknown) {
      return std::move(current).error();
    }
    console.err << volume << " has no policy yet\n";
    return {};
  }
  ASSIGN_OR_RETURN(const policy::MeasurementPolicy policy,
                   policy::MeasurementPolicy::Parse(*current).Context(
                       "current policy of " + volume));
  if (report == nullptr) {
    return {};
  }
  ASSIGN_OR_RETURN(const attest::Checks differences,
                   DifferencesFrom(policy, *report, guest));
  if (differences.empty()) {
    console.err << "the current policy of " << volume
                << " accepts this guest already\n";
  } else {
    console.err << "this guest differs from the current policy of " << volume
                << ":\n"
                << CheckTable(differences).Text();
  }
  return {};
}

Result<void> PolicyFromAudit(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const std::string record, server.GetAudit(options.audit_id));
  const std::string context = "audit record '" + options.audit_id + "'";
  ASSIGN_OR_RETURN(const RecordedGuest guest,
                   ReadRecordedGuest(record).Context(context));
  RETURN_IF_ERROR(PrintDifference(server, guest, console));
  ASSIGN_OR_RETURN(const std::string json,
                   LearnPolicy({guest.quote, guest.event_log}, options.expect)
                       .Context(context));
  console.out << json;
  return {};
}

}  // namespace

void AddPolicyFromAudit(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "policy", "from-audit",
      "print a policy that accepts the guest of a decision on record, after "
      "its difference from the current policy (on standard error)",
      [options](const Console& console) {
        return PolicyFromAudit(*options, console);
      });
  command.AddOption("ID", options->audit_id, "audit id, such as 7f3c-91")
      .Required();
  command.AddOption("--expect", options->expect,
                    "policy with the values computed beforehand; every value "
                    "learned must be among them");
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli
