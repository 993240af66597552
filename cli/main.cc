// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "common/exit_report.h"
#include "common/process_hardening.h"

int main(int argc, char** argv) {
  auto hardened = tdxvfs::HardenProcess();
  if (hardened.has_value()) {
    hardened = tdxvfs::AllowOnlyTls13();
  }
  if (!hardened.has_value()) {
    return tdxvfs::ReportAndExitCode("tdxvfs", hardened.error(),
                                     tdxvfs::ReportFormat::kText);
  }
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return tdxvfs::cli::RunCommandLine(
      arguments, TDXVFS_VERSION,
      {.out = std::cout, .err = std::cerr, .progress = isatty(2) == 1});
}
