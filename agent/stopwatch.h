// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_STOPWATCH_H_
#define TDXVFS_AGENT_STOPWATCH_H_

#include <chrono>
#include <utility>

namespace tdxvfs::agent {

// Measures steps that follow each other.
class Stopwatch {
 public:
  // The time since the last lap, or since the start.
  std::chrono::microseconds Lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration_cast<std::chrono::microseconds>(
        now - std::exchange(last_, now));
  }

 private:
  std::chrono::steady_clock::time_point last_ =
      std::chrono::steady_clock::now();
};

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_STOPWATCH_H_
