// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "cli/admin_client.h"
#include "cli/check_table.h"
#include "cli/commands.h"
#include "cli/json_leaves.h"
#include "cli/text_table.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string audit_id;
  std::string server;
};

// A quote is thousands of characters; --json has all of them.
constexpr std::size_t kMaxShown = 160;

void PrintRecord(const std::vector<JsonLeaf>& leaves, const Console& console) {
  TextTable members;
  for (const JsonLeaf& leaf : leaves) {
    if (leaf.path.starts_with("checks[")) {
      continue;
    }
    members.Row({leaf.path, leaf.value.size() <= kMaxShown
                                ? leaf.value
                                : "(" + std::to_string(leaf.value.size()) +
                                      " characters; --json shows them)"});
  }
  console.out << members.Text();
  const attest::Checks checks = ChecksOfRecord(leaves);
  if (!checks.empty()) {
    console.out << "\n" << CheckTable(checks).Text();
  }
}

Result<void> AuditShow(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const std::string record, server.GetAudit(options.audit_id));
  if (console.json()) {
    console.out << record << "\n";
    return {};
  }
  ASSIGN_OR_RETURN(const std::vector<JsonLeaf> leaves,
                   ReadJsonLeaves(record).Context("audit record"));
  PrintRecord(leaves, console);
  return {};
}

}  // namespace

void AddAuditShow(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command =
      commands.Add("audit", "show", "show all that was recorded of a decision",
                   [options](const Console& console) {
                     return AuditShow(*options, console);
                   });
  command.AddOption("ID", options->audit_id, "audit id, such as 7f3c-91")
      .Required();
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli
