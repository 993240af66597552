// SPDX-License-Identifier: Apache-2.0
// What readers of the log do, while it is written on.
#include <unordered_map>
#include <utility>

#include "keyserver/audit/decision_text.h"
#include "keyserver/audit/json_lines_audit_log.h"

namespace tdxvfs::keyserver {
namespace {

// An answer stays below gRPC's 4 MiB.
constexpr std::size_t kMaxPage = std::size_t{3} << 20U;

}  // namespace

Result<std::string> JsonLinesAuditLog::Find(std::string_view audit_id) {
  std::string decision;
  std::string outcome;
  RETURN_IF_ERROR(ScanBackward(View(), [&](std::string_view line) {
    const auto head = ReadHead(line);
    if (!head.has_value() || head->audit_id != audit_id) {
      return true;
    }
    (head->kind == "outcome" ? outcome : decision) = line;
    return head->kind == "outcome";
  }));
  if (decision.empty()) {
    return Error(Reason::kAuditUnknown,
                 "no decision '" + std::string(audit_id) + "' is on record");
  }
  return WithOutcome(WithEvidence(decision, evidence_.get()), outcome);
}

Result<std::vector<std::string>> JsonLinesAuditLog::List(
    const AuditFilter& filter) {
  std::vector<std::string> newest_first;
  std::unordered_map<std::string, std::string> outcomes;
  RETURN_IF_ERROR(ScanBackward(View(), [&](std::string_view line) {
    const auto head = ReadHead(line);
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
  return std::vector<std::string>(newest_first.rbegin(), newest_first.rend());
}

Result<ShownEvidence> JsonLinesAuditLog::EvidenceOf(std::string_view decision) {
  return keyserver::EvidenceOf(decision, evidence_.get());
}

Result<AuditPage> JsonLinesAuditLog::Export(const AuditFilter& filter,
                                            std::string_view from) {
  const bool everything = MatchesEverything(filter);
  ASSIGN_OR_RETURN(LogPage page,
                   ReadPage(View(), from, kMaxPage, [&](std::string_view line) {
                     if (everything) {
                       return true;
                     }
                     const auto head = ReadHead(line);
                     return head.has_value() && Matches(filter, *head, line);
                   }));
  return AuditPage{std::move(page.lines), std::move(page.next)};
}

}  // namespace tdxvfs::keyserver
