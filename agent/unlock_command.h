// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_UNLOCK_COMMAND_H_
#define TDXVFS_AGENT_UNLOCK_COMMAND_H_

#include "agent/surroundings.h"
#include "agent/unlock_volume.h"
#include "agent/volume_config.h"
#include "common/result.h"

namespace tdxvfs::agent {

enum class Patience : std::uint8_t { kOnce, kWait };

// Unlocks a volume with the quote source of these surroundings: keeps other
// agents out during an attempt, retries when asked to wait, leaves the record
// for `status`, and logs.
Result<Unlocked> RunUnlock(const Surroundings& surroundings,
                           const VolumeConfig& config, UnlockMode mode,
                           Patience patience);

// "quote 12 ms, release 30 ms, open 140 ms, mount 8 ms".
std::string TimingsText(const UnlockTimings& timings);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_UNLOCK_COMMAND_H_
