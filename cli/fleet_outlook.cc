// SPDX-License-Identifier: Apache-2.0
#include "cli/fleet_outlook.h"

#include <optional>
#include <utility>
#include <variant>

#include "attest/event_log/event_log.h"
#include "attest/policy/utc_date.h"
#include "attest/tcb_status.h"

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kLongestValue = 48;

std::string FailedNames(const attest::Checks& checks) {
  std::string names;
  for (const attest::Check& check : checks) {
    if (!check.passed) {
      // Measurements are too long for a line; statuses are what is asked for.
      const bool short_enough = check.actual.size() <= kLongestValue;
      names += (names.empty() ? "" : ", ") + check.name +
               (short_enough ? ": " + check.actual : "");
    }
  }
  return names;
}

std::string Also(const std::string& text, const std::string& more) {
  return text.empty() || more.empty() ? text + more : text + "; " + more;
}

std::string OnceUsed(const std::optional<attest::TcbVerdict>& tcb) {
  if (!tcb.has_value()) {
    return "once this collateral is used";
  }
  return "once TCB info " + std::to_string(tcb->tcb_info_evaluation_number) +
         " (issued " + policy::DateText(policy::DayOf(tcb->latest_issue)) +
         " or before) is used";
}

// The first day on which a status that is let pass for a while no longer is.
std::optional<policy::Date> GraceEnds(const policy::TcbRules& rules,
                                      const attest::TcbVerdict& tcb) {
  const auto grace = rules.grace.find(tcb.status);
  if (grace == rules.grace.end()) {
    return std::nullopt;
  }
  const auto* const date = std::get_if<policy::Date>(&grace->second);
  return (date != nullptr ? *date
                          : policy::DayOf(tcb.date) +
                                std::get<std::chrono::days>(grace->second)) +
         std::chrono::days(1);
}

Outlook NotGenuine(const FleetGuest& guest, const std::string& why) {
  return {guest.reason.empty(), "", OnceUsed(std::nullopt), why};
}

// What is said of genuine evidence that a policy has judged.
Outlook OutlookAfter(const FleetGuest& guest,
                     const verify::Evaluation& evaluated,
                     const policy::Judgement& judgement,
                     const policy::TcbRules& rules) {
  const auto& tcb = evaluated.tcb;
  Outlook outlook;
  outlook.status = tcb.has_value() ? TcbStatusName(tcb->status) : "";
  if (judgement.acceptance != policy::Acceptance::kAccepted) {
    outlook.falls_out = guest.reason.empty();
    outlook.when = guest.reason.empty() ? OnceUsed(tcb) : "refused already";
    outlook.why = Also(FailedNames(judgement.checks), evaluated.tcb_shortfall);
    return outlook;
  }
  const auto ends = tcb.has_value() ? GraceEnds(rules, *tcb) : std::nullopt;
  if (ends.has_value()) {
    outlook.falls_out = true;
    outlook.when = policy::DateText(*ends);
    outlook.why =
        Also("the policy's grace for " + outlook.status + " ends then",
             evaluated.tcb_shortfall);
  }
  return outlook;
}

}  // namespace

Result<Outlook> OutlookOf(const FleetGuest& guest,
                          const verify::Judging& judging,
                          const policy::MeasurementPolicy& policy) {
  auto evaluated = verify::VerifyQuote(guest.shown.quote, judging);
  if (!evaluated.has_value()) {
    if (evaluated.error().reason() == Reason::kInternal) {
      return std::move(evaluated).error();
    }
    return Outlook{false, "", kNotKnown, evaluated.error().message()};
  }
  const attest::TdReport* const report = evaluated->quote.td_report();
  if (!evaluated->genuine || report == nullptr) {
    return NotGenuine(guest, evaluated->failure);
  }
  std::optional<event_log::EventLog> log;
  if (!guest.shown.event_log.empty()) {
    ASSIGN_OR_RETURN(log, event_log::ParseEventLog(guest.shown.event_log));
  }
  const auto& tcb = evaluated->tcb;
  ASSIGN_OR_RETURN(
      const policy::Judgement judgement,
      policy.Check({.report = *report,
                    .now = judging.now,
                    .config_digest = &guest.shown.config_digest,
                    .tcb = tcb.has_value() ? &*tcb : nullptr,
                    .event_log = log.has_value() ? &*log : nullptr}));
  return OutlookAfter(guest, *evaluated, judgement, policy.tcb());
}

}  // namespace tdxvfs::cli
