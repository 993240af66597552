// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "cli/admin_client.h"
#include "cli/audit_filter.h"
#include "cli/commands.h"
#include "cli/damaged_records.h"
#include "cli/json_leaves.h"
#include "cli/text_table.h"
#include "common/json_text.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  AuditFilterOptions filter;
  std::string server;
};

// What a record decided, for people: the reason of a refusal, else what
// happened.
std::string DecisionOf(const std::vector<JsonLeaf>& record) {
  const std::string kind = LeafAt(record, "kind");
  const std::string reason = LeafAt(record, "reason");
  const std::string result = LeafAt(record, "result");
  std::string text = kind;
  if (!result.empty()) {
    text += " " + result;
  }
  if (!reason.empty()) {
    text += ": " + reason;
  }
  return text;
}

void AddRow(const std::vector<JsonLeaf>& record, TextTable* table) {
  const std::string peer = LeafAt(record, "peer");
  table->Row({LeafAt(record, "time"), LeafAt(record, "audit_id"),
              LeafAt(record, "volume"), peer.empty() ? "-" : peer,
              DecisionOf(record)});
}

Result<void> AuditList(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const AuditQuery query, QueryOf(options.filter));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const AuditRecords found, server.ListAudit(query));
  std::size_t damaged = found.damaged;
  TextTable table({"TIME", "AUDIT ID", "VOLUME", "PEER", "DECISION"});
  JsonArray list;
  for (const std::string& record : found.records) {
    const auto leaves = ReadJsonLeaves(record);
    if (!leaves.has_value()) {
      ++damaged;
      continue;
    }
    AddRow(*leaves, &table);
    list.Raw(record);
  }
  console.out << (console.json() ? list.Close() + "\n" : table.Text());
  NoteLimit(found.records.size(), query, console);
  return FailIfLinesDamaged(damaged);
}

}  // namespace

void AddAuditList(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command =
      commands.Add("audit", "list", "list the newest decisions, oldest first",
                   [options](const Console& console) {
                     return AuditList(*options, console);
                   });
  AddAuditFilter(command, options->filter);
  AddAuditLimit(command, options->filter, "number of records (default 100)");
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli
