// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_PROGRESS_LINE_H_
#define TDXVFS_CLI_PROGRESS_LINE_H_

#include <cstdint>
#include <string>

#include "cli/console.h"

namespace tdxvfs::cli {

// One line on the terminal that counts up and disappears when this object
// dies. Says nothing when standard error is not a terminal.
class ProgressLine {
 public:
  ProgressLine(const Console& console, std::string action);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine();

  void Show(std::uint64_t done, std::uint64_t total);

 private:
  const Console& console_;
  std::string action_;
  int shown_percent_ = -1;
};

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_PROGRESS_LINE_H_
