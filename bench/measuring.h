// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_BENCH_MEASURING_H_
#define TDXVFS_BENCH_MEASURING_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace tdxvfs::bench {

// Milliseconds since the lap before.
class Stopwatch {
 public:
  double Lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double, std::milli>(now -
                                                     std::exchange(last_, now))
        .count();
  }

 private:
  std::chrono::steady_clock::time_point last_ =
      std::chrono::steady_clock::now();
};

inline double Median(std::vector<double> values) {
  const auto middle =
      values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return values.empty() ? 0 : *middle;
}

}  // namespace tdxvfs::bench

#endif  // TDXVFS_BENCH_MEASURING_H_
