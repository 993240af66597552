// SPDX-License-Identifier: Apache-2.0
// What readers of the log do, while it is written on.
#include <iterator>
#include <unordered_map>
#include <utility>

#include "keyserver/audit/decision_text.h"
#include "keyserver/audit/json_lines_audit_log.h"
#include "keyserver/audit/readable_line.h"

namespace tdxvfs::keyserver {
namespace {

// An answer stays below gRPC's 4 MiB.
constexpr std::size_t kMaxPage = std::size_t{3} << 20U;

// Behind what was not found.
std::string DamagedText(std::size_t lines) {
  if (lines == 0) {
    return "";
  }
  return lines == 1
             ? "; 1 line of the log is damaged"
             : "; " + std::to_string(lines) + " lines of the log are damaged";
}

}  // namespace

Result<std::string> JsonLinesAuditLog::Find(std::string_view audit_id) {
  std::string decision;
  std::string outcome;
  std::size_t damaged = 0;
  RETURN_IF_ERROR(ScanBackward(View(), [&](std::string_view line) {
    const auto head = ReadLine(line, &damaged);
    if (!head.has_value() || head->audit_id != audit_id) {
      return true;
    }
    (head->kind == "outcome" ? outcome : decision) = line;
    return head->kind == "outcome";
  }));
  if (decision.empty()) {
    return Error(Reason::kAuditUnknown,
                 "no decision '" + std::string(audit_id) + "' is on record" +
                     DamagedText(damaged));
  }
  return WithOutcome(WithEvidence(decision, evidence_.get()), outcome);
}

Result<AuditListing> JsonLinesAuditLog::List(const AuditFilter& filter) {
  AuditListing listing;
  std::vector<std::string> newest_first;
  std::unordered_map<std::string, std::string> outcomes;
  RETURN_IF_ERROR(ScanBackward(View(), [&](std::string_view line) {
    const auto head = ReadLine(line, &listing.damaged);
    if (!head.has_value() ||
        (!filter.volume.empty() && head->volume != filter.volume)) {
      return true;
    }
    if (head->kind == "outcome") {
      outcomes.emplace(head->audit_id, line);
      return true;
    }
    const auto outcome = outcomes.find(head->audit_id);
    if (Matches(filter, *head, line)) {
      newest_first.push_back(WithOutcome(
          line, outcome == outcomes.end() ? std::string_view()
                                          : std::string_view(outcome->second)));
    }
    if (outcome != outcomes.end()) {
      outcomes.erase(outcome);
    }
    return newest_first.size() < filter.limit;
  }));
  listing.records.assign(std::make_move_iterator(newest_first.rbegin()),
                         std::make_move_iterator(newest_first.rend()));
  return listing;
}

Result<ShownEvidence> JsonLinesAuditLog::EvidenceOf(std::string_view decision) {
  return keyserver::EvidenceOf(decision, evidence_.get());
}

Result<AuditPage> JsonLinesAuditLog::Export(const AuditFilter& filter,
                                            std::string_view from) {
  const bool everything = MatchesEverything(filter);
  std::size_t damaged = 0;
  ASSIGN_OR_RETURN(LogPage page,
                   ReadPage(View(), from, kMaxPage, [&](std::string_view line) {
                     if (everything) {
                       return true;
                     }
                     const auto head = ReadLine(line, &damaged);
                     return head.has_value() && Matches(filter, *head, line);
                   }));
  return AuditPage{std::move(page.lines), std::move(page.next),
                   damaged + page.torn};
}

}  // namespace tdxvfs::keyserver
