// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_PROGRESS_LINE_H_
#define TDXVFS_CLI_PROGRESS_LINE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cli/console.h"

namespace tdxvfs::cli {

// How far something is, for people: "45 % of 1024 MiB, 350 MiB/s, 2 s left".
// Where the total is not known (0): "460 MiB, 350 MiB/s". No rate before there
// is enough to tell it by.
std::string ProgressText(std::uint64_t done, std::uint64_t total,
                         std::chrono::milliseconds elapsed);

// Both in one line of a terminal of so many columns (0: any), since only the
// last of several is cleared again: what is done is cut before how far it is.
std::string FitProgress(const std::string& action, const std::string& text,
                        std::size_t columns);

// One line on the terminal that counts up and disappears when this object
// dies. Says nothing when standard error is not a terminal.
class ProgressLine {
 public:
  ProgressLine(const Console& console, std::string_view action);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine();

  // `total` is 0 where it is not known. May be called as often as one likes.
  void Show(std::uint64_t done, std::uint64_t total);

 private:
  using Clock = std::chrono::steady_clock;
  const Console& console_;
  std::string action_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_ = start_;  // when the line changes again
  bool shown_ = false;
};

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_PROGRESS_LINE_H_
