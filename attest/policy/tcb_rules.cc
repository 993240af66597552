// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/tcb_rules.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "attest/policy/check_list.h"
#include "attest/policy/json_lists.h"

namespace tdxvfs::policy {
namespace {

using attest::TcbStatus;
using attest::TcbVerdict;
using TimePoint = std::chrono::system_clock::time_point;

constexpr std::string_view kNoCollateral = "not known without collateral";
constexpr std::int64_t kMostAgeDays = 3650;
constexpr std::size_t kLongestAdvisory = 32;

std::string AcceptableStatuses() {
  std::string names;
  for (std::size_t i = 0; i < attest::kTcbStatusCount; ++i) {
    const auto status = static_cast<TcbStatus>(i);
    if (status != TcbStatus::kRevoked) {
      names += (names.empty() ? "one of " : ", ") +
               std::string(attest::TcbStatusName(status));
    }
  }
  return names;
}

Result<TcbStatus> StatusOf(std::string_view name, const JsonMember& member) {
  const auto status = attest::TcbStatusFromName(name);
  // Intel has withdrawn its trust from a revoked platform.
  if (!status.has_value() || *status == TcbStatus::kRevoked) {
    return member.Refused("not a status that can be accepted: " +
                          AcceptableStatuses());
  }
  return *status;
}

Result<void> ReadAccept(const JsonMember& member, TcbRules& rules) {
  rules.accept.clear();
  RETURN_IF_ERROR(ReadStrings(
      member,
      [&rules](const std::string& name,
               const JsonMember& element) -> Result<void> {
        ASSIGN_OR_RETURN(const TcbStatus status, StatusOf(name, element));
        rules.accept.push_back(status);
        return {};
      }));
  return {};
}

// Intel's ids, such as INTEL-SA-00837: a misspelt one would never be met.
Result<void> CheckAdvisoryId(const std::string& id, const JsonMember& element) {
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!plain || id.size() > kLongestAdvisory) {
    return element.Refused("not an advisory such as INTEL-SA-00837");
  }
  return {};
}

Result<void> ReadGrace(const JsonMember& member, TcbRules& rules) {
  return member.ForEachMember(
      [&rules](std::string_view name, const JsonMember& end) -> Result<void> {
        ASSIGN_OR_RETURN(const TcbStatus status, StatusOf(name, end));
        ASSIGN_OR_RETURN(const std::string text, end.NonEmptyString());
        if (const auto date = ParseDate(text); date.has_value()) {
          rules.grace[status] = *date;
        } else if (const auto days = ParseDays(text); days.has_value()) {
          rules.grace[status] = *days;
        } else {
          return end.Refused(
              "neither a date such as 2026-12-31 nor P1D to "
              "P3650D");
        }
        return {};
      });
}

Result<std::int64_t> ReadNumber(const JsonMember& member, std::int64_t most) {
  ASSIGN_OR_RETURN(const std::int64_t number, member.Integer());
  if (number < 1 || number > most) {
    return member.Refused("not 1 to " + std::to_string(most));
  }
  return number;
}

Result<void> ReadRule(std::string_view name, const JsonMember& member,
                      TcbRules& rules) {
  if (name == "accept") {
    return ReadAccept(member, rules);
  }
  if (name == "grace") {
    return ReadGrace(member, rules);
  }
  if (name == "advisories") {
    ASSIGN_OR_RETURN(rules.advisories, ReadStrings(member, CheckAdvisoryId));
  } else if (name == "minimum_tcb_date") {
    ASSIGN_OR_RETURN(const std::string text, member.NonEmptyString());
    rules.minimum_tcb_date = ParseDate(text);
    if (!rules.minimum_tcb_date.has_value()) {
      return member.Refused("not a date such as 2026-12-31");
    }
  } else if (name == "minimum_evaluation_number") {
    ASSIGN_OR_RETURN(
        const std::int64_t number,
        ReadNumber(member, std::numeric_limits<std::uint32_t>::max()));
    rules.minimum_evaluation_number = static_cast<std::uint32_t>(number);
  } else if (name == "maximum_collateral_age_days") {
    ASSIGN_OR_RETURN(const std::int64_t days, ReadNumber(member, kMostAgeDays));
    rules.maximum_collateral_age = std::chrono::days(days);
  } else {
    return JsonMember::UnknownMember(
        member,
        "accept, grace, advisories, minimum_tcb_date, "
        "minimum_evaluation_number, maximum_collateral_age_days");
  }
  return {};
}

bool Accepts(const TcbRules& rules, TcbStatus status) {
  return std::find(rules.accept.begin(), rules.accept.end(), status) !=
         rules.accept.end();
}

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

Result<TcbRules> ReadTcbRules(const JsonMember& member) {
  TcbRules rules;
  RETURN_IF_ERROR(member.ForEachMember(
      [&rules](std::string_view name, const JsonMember& rule) {
        return ReadRule(name, rule, rules);
      }));
  for (const auto& [status, grace] : rules.grace) {
    if (Accepts(rules, status)) {
      return member.Refused("grace for " + std::string(TcbStatusName(status)) +
                            ", which is accepted for ever");
    }
  }
  return rules;
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
