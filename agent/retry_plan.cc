// SPDX-License-Identifier: Apache-2.0
#include "agent/retry_plan.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>

namespace tdxvfs::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstBound{1000};
constexpr milliseconds kLastBound{60'000};
constexpr std::uint32_t kMaxRetryAfterSeconds = 3600;
constexpr double kSlowJitter = 0.2;

milliseconds Scaled(milliseconds duration, double factor) {
  return milliseconds(static_cast<std::int64_t>(
      static_cast<double>(duration.count()) * factor));
}

}  // namespace

RetryPlan::RetryPlan(std::chrono::seconds max_wait, std::chrono::seconds slowly,
                     std::function<double()> random)
    : max_wait_(max_wait),
      slowly_(slowly),
      random_(std::move(random)),
      bound_(kFirstBound) {}

milliseconds RetryPlan::Delay(const Error& error) {
  if (InfoOf(error.reason()).retry == Retry::kSlowly) {
    bound_ = kFirstBound;
    return Scaled(slowly_, 1 - kSlowJitter + 2 * kSlowJitter * random_());
  }
  const milliseconds bound = bound_;
  bound_ = std::min(2 * bound_, kLastBound);
  return Scaled(bound, random_());
}

std::optional<milliseconds> RetryPlan::Next(const Error& error,
                                            milliseconds elapsed) {
  if (InfoOf(error.reason()).retry == Retry::kNever) {
    return std::nullopt;
  }
  const bool for_ever = max_wait_ == milliseconds::zero();
  if (!for_ever && elapsed >= max_wait_) {
    return std::nullopt;
  }
  const milliseconds asked = std::chrono::seconds(
      std::min(error.retry_after_seconds(), kMaxRetryAfterSeconds));
  const milliseconds delay = asked + Delay(error);
  return for_ever ? delay : std::min(delay, max_wait_ - elapsed);
}

double RandomFraction() {
  static std::random_device device;
  return std::uniform_real_distribution<double>(0.0, 1.0)(device);
}

}  // namespace tdxvfs::agent
