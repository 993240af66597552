// SPDX-License-Identifier: Apache-2.0
// Reading the rules of a policy; tcb_rules.cc judges by them.
#include <algorithm>
#include <limits>
#include <string_view>

#include "attest/policy/json_lists.h"
#include "attest/policy/tcb_rules.h"

namespace tdxvfs::policy {
namespace {

using attest::TcbStatus;

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

}  // namespace tdxvfs::policy
