// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_CLOCK_H_
#define TDXVFS_COMMON_CLOCK_H_

#include <algorithm>
#include <chrono>

namespace tdxvfs {

// The clock counts nanoseconds in 64 bits, which end in April 2262; 2610, taken
// as it is, would wrap around to 2026. Within these two no sum of a time and a
// few weeks wraps.
inline constexpr std::chrono::sys_days kFirstTime =
    std::chrono::year(1678) / std::chrono::January / 1;
inline constexpr std::chrono::sys_days kLastTime =
    std::chrono::year(2262) / std::chrono::January / 1;

// A time of the calendar as the clock has it: what lies beyond is kFirstTime or
// kLastTime. (A certificate without an end says 9999: RFC 5280, 4.1.2.5.)
inline std::chrono::system_clock::time_point NearestTime(
    std::chrono::sys_seconds time) {
  return std::clamp<std::chrono::sys_seconds>(time, kFirstTime, kLastTime);
}

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
