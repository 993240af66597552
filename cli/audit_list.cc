// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "cli/admin_client.h"
#include "cli/audit_filter.h"
#include "cli/commands.h"
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

Result<void> PrintTable(const std::vector<std::string>& records,
                        const Console& console) {
  TextTable table({"TIME", "AUDIT ID", "VOLUME", "PEER", "DECISION"});
  for (const std::string& record : records) {
    ASSIGN_OR_RETURN(const std::vector<JsonLeaf> leaves,
                     ReadJsonLeaves(record).Context("audit record"));
    const std::string peer = LeafAt(leaves, "peer");
    table.Row({LeafAt(leaves, "time"), LeafAt(leaves, "audit_id"),
               LeafAt(leaves, "volume"), peer.empty() ? "-" : peer,
               DecisionOf(leaves)});
  }
  console.out << table.Text();
  return {};
}

Result<void> AuditList(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const AuditQuery query, QueryOf(options.filter));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const std::vector<std::string> records,
                   server.ListAudit(query));
  if (!console.json()) {
    return PrintTable(records, console);
  }
  JsonArray list;
  for (const std::string& record : records) {
    list.Raw(record);
  }
  console.out << list.Close() << "\n";
  return {};
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
