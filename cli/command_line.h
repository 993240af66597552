// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_COMMAND_LINE_H_
#define TDXVFS_CLI_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "cli/console.h"

namespace tdxvfs::cli {

// Reads the command line (without the program's name), runs the command and
// returns the exit code. An error is reported to `console.err`, in JSON when
// the line asks for it.
int RunCommandLine(const std::vector<std::string>& arguments,
                   const std::string& version, Console console);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_COMMAND_LINE_H_
