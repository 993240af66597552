// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_FAKES_FAKE_CLOCK_H_
#define TDXVFS_TESTS_FAKES_FAKE_CLOCK_H_

#include <chrono>
#include <mutex>

#include "common/clock.h"

namespace tdxvfs::testing {

// Stands still until it is told to move. Starts at the machine's own time, so
// that certificates made for a test are valid. Thread-safe.
class FakeClock : public Clock {
 public:
  std::chrono::system_clock::time_point Now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  std::chrono::steady_clock::time_point Steady() const override {
    const std::lock_guard lock(mutex_);
    return steady_;
  }
  void Advance(std::chrono::milliseconds time) {
    const std::lock_guard lock(mutex_);
    now_ += time;
    steady_ += time;
  }

  // Sets the calendar alone, as somebody who corrects a clock does.
  void JumpTo(std::chrono::system_clock::time_point now) {
    const std::lock_guard lock(mutex_);
    now_ = now;
  }

 private:
  mutable std::mutex mutex_;
  std::chrono::system_clock::time_point now_ = std::chrono::system_clock::now();
  std::chrono::steady_clock::time_point steady_ =
      std::chrono::steady_clock::now();
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_FAKES_FAKE_CLOCK_H_
