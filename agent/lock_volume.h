// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_LOCK_VOLUME_H_
#define TDXVFS_AGENT_LOCK_VOLUME_H_

#include <cstdint>
#include <string>

#include "agent/surroundings.h"
#include "common/result.h"

namespace tdxvfs::agent {

enum class LockMode : std::uint8_t {
  kNormal,
  kLazy,
  // Lazily only when the volume is busy and the system is shutting down.
  kLazyOnShutdown,
};

// Unmounts and closes a volume; also one whose configuration has gone. Success
// when there is nothing to do. kVolumeBusy names up to five holders.
Result<void> LockVolume(const Surroundings& surroundings,
                        const std::string& volume, LockMode mode);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_LOCK_VOLUME_H_
