// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_RETRY_LOOP_H_
#define TDXVFS_AGENT_RETRY_LOOP_H_

#include <functional>
#include <string>

#include "agent/retry_plan.h"
#include "agent/unlock_volume.h"
#include "common/result.h"

namespace tdxvfs::agent {

// What the loop does beside the attempts; tests put others in their place.
struct RetryHooks {
  std::function<Result<Unlocked>()> attempt;
  // False when the wait was cut short by a stop request.
  std::function<bool(std::chrono::milliseconds)> sleep;
  // Takes a status text for systemd.
  std::function<void(const std::string&)> notify;
};

// `unlock --wait`: attempts until one succeeds, its reason never passes, the
// plan gives up or a stop is requested (kStopped). Logs one line per failed
// attempt and tells systemd the attempt, the reason and the next try.
Result<Unlocked> UnlockAndRetry(const std::string& volume, RetryPlan plan,
                                const RetryHooks& hooks);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_RETRY_LOOP_H_
