// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_RETRY_PLAN_H_
#define TDXVFS_AGENT_RETRY_PLAN_H_

#include <chrono>
#include <functional>
#include <optional>

#include "common/error.h"

namespace tdxvfs::agent {

// When to try again after a failure, by the class in the reason table:
// never; now: full jitter below a bound that doubles from 1 s to 1 min;
// slowly: about every `slowly`, give or take a fifth, so that many guests do
// not come at once. A server that says when to come back is obeyed, up to an
// hour. Not thread-safe.
class RetryPlan {
 public:
  using Milliseconds = std::chrono::milliseconds;

  // `max_wait` zero: for ever. `random` gives a number in [0, 1).
  RetryPlan(std::chrono::seconds max_wait, std::chrono::seconds slowly,
            std::function<double()> random);

  // The wait before the next attempt, or nothing when there is none: the
  // reason never passes, or `elapsed` since the first attempt is `max_wait`.
  // The last wait is cut short to end at `max_wait`.
  std::optional<Milliseconds> Next(const Error& error, Milliseconds elapsed);

 private:
  Milliseconds Delay(const Error& error);

  Milliseconds max_wait_;
  Milliseconds slowly_;
  std::function<double()> random_;
  Milliseconds bound_;
};

// From the system's random generator.
double RandomFraction();

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_RETRY_PLAN_H_
