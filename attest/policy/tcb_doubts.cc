// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/tcb_doubts.h"

#include <algorithm>
#include <string_view>

namespace tdxvfs::policy {
namespace {

using attest::TcbStatus;

bool AcceptsUpToDate(const TcbRules& rules) {
  return std::find(rules.accept.begin(), rules.accept.end(),
                   TcbStatus::kUpToDate) != rules.accept.end() ||
         rules.grace.count(TcbStatus::kUpToDate) != 0;
}

bool AcceptsOthers(const TcbRules& rules) {
  const auto other = [](TcbStatus status) {
    return status != TcbStatus::kUpToDate;
  };
  return std::any_of(rules.accept.begin(), rules.accept.end(), other) ||
         std::any_of(rules.grace.begin(), rules.grace.end(),
                     [&](const auto& entry) { return other(entry.first); });
}

// As Intel writes them: INTEL-SA- or INTEL-DOC- and five digits.
bool LooksLikeAnAdvisory(std::string_view id) {
  const std::size_t digits = id.rfind('-') + 1;
  const std::string_view series = id.substr(0, digits);
  return (series == "INTEL-SA-" || series == "INTEL-DOC-") &&
         id.size() - digits == 5 &&
         id.find_first_not_of("0123456789", digits) == std::string_view::npos;
}

void DoubtAdvisories(const TcbRules& rules, std::vector<std::string>* doubts) {
  if (!rules.advisories.has_value()) {
    return;
  }
  for (const std::string& id : *rules.advisories) {
    if (!LooksLikeAnAdvisory(id)) {
      doubts->push_back("$.tcb.advisories names '" + id +
                        "', which is not written as Intel writes them "
                        "(INTEL-SA-00837), so it may never be met");
    }
  }
  if (!AcceptsOthers(rules)) {
    doubts->push_back(
        "$.tcb.advisories changes nothing: no status but UpToDate is "
        "accepted, and with that one advisories are not looked at");
  }
}

}  // namespace

std::vector<std::string> TcbDoubts(const TcbRules& rules,
                                   std::chrono::system_clock::time_point now) {
  std::vector<std::string> doubts;
  if (!AcceptsUpToDate(rules)) {
    doubts.emplace_back(
        "$.tcb.accept is the whole list, and UpToDate is not in it: a guest "
        "is refused once its host is up to date");
  }
  for (const auto& [status, grace] : rules.grace) {
    const auto* const last = std::get_if<Date>(&grace);
    if (last != nullptr && *last < DayOf(now)) {
      doubts.push_back("$.tcb.grace." + std::string(TcbStatusName(status)) +
                       " ended on " + DateText(*last) +
                       ", so the status is refused");
    }
  }
  if (rules.minimum_tcb_date.has_value() &&
      *rules.minimum_tcb_date > DayOf(now)) {
    doubts.push_back("$.tcb.minimum_tcb_date is " +
                     DateText(*rules.minimum_tcb_date) +
                     ", still to come: every guest is refused");
  }
  DoubtAdvisories(rules, &doubts);
  return doubts;
}

}  // namespace tdxvfs::policy
