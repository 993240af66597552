// SPDX-License-Identifier: Apache-2.0
// Judging a platform by the rules; tcb_rules_reading.cc reads them.
#include "attest/policy/tcb_rules.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "attest/policy/check_list.h"

namespace tdxvfs::policy {
namespace {

using attest::TcbStatus;
using attest::TcbVerdict;
using TimePoint = std::chrono::system_clock::time_point;

constexpr std::string_view kNoCollateral = "not known without collateral";

// The last day on which grace lets a status pass.
Date LastDay(const TcbRules::Grace& grace, const TcbVerdict& verdict) {
  if (const auto* date = std::get_if<Date>(&grace)) {
    return *date;
  }
  return DayOf(verdict.date) + std::get<std::chrono::days>(grace);
}

std::string AcceptText(const TcbRules& rules, const TcbVerdict* verdict) {
  std::string text = rules.accept.size() == 1 ? "" : "one of";
  for (const TcbStatus status : rules.accept) {
    text += (text.empty() ? "" : " ") + std::string(TcbStatusName(status));
  }
  for (const auto& [status, grace] : rules.grace) {
    if (verdict != nullptr && verdict->status == status) {
      text += ", " + std::string(TcbStatusName(status)) + " until " +
              DateText(LastDay(grace, *verdict));
    }
  }
  return text;
}

attest::Check CheckStatus(const TcbRules& rules, const TcbVerdict* verdict,
                          TimePoint now) {
  attest::Check check{.name = "tcb status",
                      .expected = AcceptText(rules, verdict),
                      .actual = "not checked: no collateral",
                      .passed = true,
                      .source = kByPolicy};
  if (verdict == nullptr) {
    return check;
  }
  check.actual = TcbStatusName(verdict->status);
  const auto grace = rules.grace.find(verdict->status);
  check.passed = verdict->status != TcbStatus::kRevoked &&
                 (Accepts(rules, verdict->status) ||
                  (grace != rules.grace.end() &&
                   DayOf(now) <= LastDay(grace->second, *verdict)));
  return check;
}

attest::Check CheckAdvisories(const std::vector<std::string>& accepted,
                              const TcbVerdict& verdict) {
  std::string others;
  for (const std::string& id : verdict.advisory_ids) {
    if (std::find(accepted.begin(), accepted.end(), id) == accepted.end()) {
      others += (others.empty() ? "" : " ") + id;
    }
  }
  std::string expected = "none but";
  for (const std::string& id : accepted) {
    expected += " " + id;
  }
  const bool up_to_date = verdict.status == TcbStatus::kUpToDate;
  return {"tcb advisories", expected,
          others.empty() ? "no others" : "also " + others,
          up_to_date || others.empty(), kByPolicy};
}

attest::Check Unknown(std::string name, std::string expected) {
  return {std::move(name), std::move(expected), std::string(kNoCollateral),
          false, kByPolicy};
}

}  // namespace

bool Accepts(const TcbRules& rules, TcbStatus status) {
  return std::find(rules.accept.begin(), rules.accept.end(), status) !=
         rules.accept.end();
}

attest::Checks CheckPlatformTcb(const TcbRules& rules,
                                const TcbVerdict* verdict, TimePoint now) {
  attest::Checks checks = {CheckStatus(rules, verdict, now)};
  if (rules.minimum_tcb_date.has_value()) {
    const std::string expected =
        DateText(*rules.minimum_tcb_date) + " or later";
    checks.push_back(
        verdict == nullptr
            ? Unknown("tcb date", expected)
            : attest::Check{
                  "tcb date", expected, DateText(DayOf(verdict->date)),
                  DayOf(verdict->date) >= *rules.minimum_tcb_date, kByPolicy});
  }
  if (rules.advisories.has_value()) {
    checks.push_back(verdict == nullptr
                         ? Unknown("tcb advisories", "none but those listed")
                         : CheckAdvisories(*rules.advisories, *verdict));
  }
  return checks;
}

attest::Checks CheckCollateralAge(const TcbRules& rules,
                                  const TcbVerdict* verdict, TimePoint now) {
  attest::Checks checks;
  if (rules.minimum_evaluation_number.has_value()) {
    const std::string expected =
        std::to_string(*rules.minimum_evaluation_number) + " or more";
    const std::uint32_t number =
        verdict == nullptr ? 0
                           : std::min(verdict->tcb_info_evaluation_number,
                                      verdict->qe_identity_evaluation_number);
    checks.push_back(
        verdict == nullptr
            ? Unknown("tcb evaluation number", expected)
            : attest::Check{
                  "tcb evaluation number", expected, std::to_string(number),
                  number >= *rules.minimum_evaluation_number, kByPolicy});
  }
  if (rules.maximum_collateral_age.has_value()) {
    const std::string expected =
        "issued at most " +
        std::to_string(rules.maximum_collateral_age->count()) + " days ago";
    checks.push_back(
        verdict == nullptr
            ? Unknown("collateral age", expected)
            : attest::Check{
                  "collateral age", expected,
                  "issued on " +
                      DateText(DayOf(verdict->earliest_document_issue)),
                  now - verdict->earliest_document_issue <=
                      *rules.maximum_collateral_age,
                  kByPolicy});
  }
  return checks;
}

}  // namespace tdxvfs::policy
