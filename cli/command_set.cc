// SPDX-License-Identifier: Apache-2.0
#include "cli/command_set.h"

#include <utility>

namespace tdxvfs::cli {

void CommandSet::AddGroup(const std::string& name,
                          const std::string& description) {
  program_.AddCommand(name, description).RequireCommand();
}

Command CommandSet::Add(const std::string& group, const std::string& name,
                        const std::string& description, CommandBody body) {
  const Command command = program_.Find(group).AddCommand(name, description);
  command.AddFlag("--json", json_, "print JSON for machines");
  command.WhenNamed([this, body = std::move(body)] { selected_ = body; });
  return command;
}

Result<void> CommandSet::Run(Console console) const {
  if (!selected_) {
    return Error(Reason::kUsage, "a command is required");
  }
  console.format = json_ ? ReportFormat::kJson : ReportFormat::kText;
  return selected_(console);
}

void AddServerOption(Command command, std::string& server) {
  command.AddOption(
      "--server", server,
      "key server: its admin socket (a path or unix:PATH) or "
      "HOST:PORT (else TDXVFS_SERVER, else ~/.config/tdxvfs/config.toml, else "
      "/run/tdxvfs/admin.sock)");
}

}  // namespace tdxvfs::cli
