// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_COMMAND_SET_H_
#define TDXVFS_CLI_COMMAND_SET_H_

#include <functional>
#include <string>

#include "cli/command.h"
#include "cli/console.h"
#include "common/result.h"

namespace tdxvfs::cli {

// What a command does once its options are read.
using CommandBody = std::function<Result<void>(const Console&)>;

// The commands of the program in their groups (`tdxvfs GROUP COMMAND`). Each
// command's file adds itself; the one that the user names is kept for running
// after the whole line has been read.
class CommandSet {
 public:
  explicit CommandSet(Command program) : program_(program) {}

  void AddGroup(const std::string& name, const std::string& description);
  // A command of a group, with `--json`. The caller adds its options.
  Command Add(const std::string& group, const std::string& name,
              const std::string& description, CommandBody body);

  // Runs the command that was named. Call after parsing succeeded.
  Result<void> Run(Console console) const;

 private:
  Command program_;
  CommandBody selected_;
  bool json_ = false;
};

// Adds `--server` to a command that speaks to a key server.
void AddServerOption(Command command, std::string& server);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_COMMAND_SET_H_
