// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "cli/admin_client.h"
#include "cli/audit_filter.h"
#include "cli/commands.h"
#include "cli/damaged_records.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  AuditFilterOptions filter;
  std::string server;
};

Result<void> AuditExport(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const AuditQuery query, QueryOf(options.filter));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  std::string from;
  std::size_t damaged = 0;
  do {
    ASSIGN_OR_RETURN(const AuditLines page, server.ExportAudit(query, from));
    if (page.next == from && !from.empty()) {
      return Error(Reason::kServerMisbehaved,
                   "key server: the export does not go on");
    }
    for (const std::string& line : page.lines) {
      console.out << line << "\n";
    }
    damaged += page.damaged;
    from = page.next;
  } while (!from.empty() && console.out.good());
  return FailIfLinesDamaged(damaged);
}

}  // namespace

void AddAuditExport(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "audit", "export",
      "print the log as JSON lines, oldest first, decisions and outcomes as "
      "they stand there; without a filter 'audit verify' can check the copy",
      [options](const Console& console) {
        return AuditExport(*options, console);
      });
  AddAuditFilter(command, options->filter);
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli
