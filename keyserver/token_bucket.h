// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_TOKEN_BUCKET_H_
#define TDXVFS_KEYSERVER_TOKEN_BUCKET_H_

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace tdxvfs::keyserver {

// How much may be asked for: so many a minute in the long run, and so many at
// once.
struct Rate {
  std::uint32_t per_minute = 0;
  std::uint32_t burst = 0;
};

// What is left of a rate for one who asks. Not thread-safe.
class TokenBucket {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void Fill(const Rate& rate, TimePoint now) {
    tokens_ = rate.burst;
    refilled_ = now;
  }

  // Takes one and returns 0, or takes none and returns the seconds to wait.
  std::uint32_t Take(const Rate& rate, TimePoint now) {
    Refill(rate, now);
    if (tokens_ < 1) {
      return static_cast<std::uint32_t>(
          std::ceil((1 - tokens_) * kSecondsPerMinute / rate.per_minute));
    }
    tokens_ -= 1;
    return 0;
  }

  // Whether it is as good as new.
  bool IsFull(const Rate& rate, TimePoint now) {
    Refill(rate, now);
    return tokens_ >= rate.burst;
  }

 private:
  static constexpr double kSecondsPerMinute = 60;

  void Refill(const Rate& rate, TimePoint now) {
    const std::chrono::duration<double> seconds = now - refilled_;
    tokens_ = std::min<double>(
        rate.burst,
        tokens_ + seconds.count() * rate.per_minute / kSecondsPerMinute);
    refilled_ = now;
  }

  double tokens_ = 0;
  TimePoint refilled_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_TOKEN_BUCKET_H_
