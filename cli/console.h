// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_CONSOLE_H_
#define TDXVFS_CLI_CONSOLE_H_

#include <ostream>

#include "common/exit_report.h"

namespace tdxvfs::cli {

// Where a command speaks. Results go to `out` and nothing else does; remarks
// and progress go to `err`.
struct Console {
  std::ostream& out;
  std::ostream& err;
  ReportFormat format = ReportFormat::kText;  // kJson with --json
  bool progress = false;                      // `err` is a terminal

  bool json() const { return format == ReportFormat::kJson; }
};

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_CONSOLE_H_
