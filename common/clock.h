// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_CLOCK_H_
#define TDXVFS_COMMON_CLOCK_H_

#include <chrono>

namespace tdxvfs {

// Where the time comes from, so that tests can set it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Calendar time, UTC: validity of certificates, audit records.
  virtual std::chrono::system_clock::time_point Now() const = 0;
  // Time that never jumps: deadlines and limits.
  virtual std::chrono::steady_clock::time_point Steady() const = 0;
};

// The machine's own clocks.
class SystemClock : public Clock {
 public:
  std::chrono::system_clock::time_point Now() const override {
    return std::chrono::system_clock::now();
  }
  std::chrono::steady_clock::time_point Steady() const override {
    return std::chrono::steady_clock::now();
  }
};

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_CLOCK_H_
