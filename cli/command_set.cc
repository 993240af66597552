// SPDX-License-Identifier: Apache-2.0
#include "cli/command_set.h"

#include <utility>

namespace tdxvfs::cli {

void CommandSet::AddGroup(const std::string& name,
                          const std::string& description) {
  program_.add_subcommand(name, description)->require_subcommand(1);
}

CLI::App& CommandSet::Add(const std::string& group, const std::string& name,
                          const std::string& description, CommandBody body) {
  CLI::App* command =
      program_.get_subcommand(group)->add_subcommand(name, description);
  command->add_flag("--json", json_, "print JSON for machines");
  command->callback(
      [this, body = std::move(body)]() mutable { selected_ = body; });
  return *command;
}

Result<void> CommandSet::Run(Console console) const {
  if (!selected_) {
    return Error(Reason::kUsage, "a command is required");
  }
  console.format = json_ ? ReportFormat::kJson : ReportFormat::kText;
  return selected_(console);
}

void AddServerOption(CLI::App& command, std::string& server) {
  command.add_option(
      "--server", server,
      "key server: its admin socket (a path or unix:PATH) or "
      "HOST:PORT (else TDXVFS_SERVER, else ~/.config/tdxvfs/config.toml, else "
      "/run/tdxvfs/admin.sock)");
}

}  // namespace tdxvfs::cli
