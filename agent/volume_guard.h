// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_VOLUME_GUARD_H_
#define TDXVFS_AGENT_VOLUME_GUARD_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "common/result.h"
#include "common/unique_fd.h"

namespace tdxvfs::agent {

// Keeps agents on one machine apart and shows that one is at work. The kernel
// holds the locks (on RUN_DIRECTORY/NAME.lock) and drops them when a process
// dies, so that nothing has to be cleaned up.
class VolumeGuard {
 public:
  // kAttempt: while a volume is being opened or closed, one process at a time.
  // kWaiting: for the whole of an unlock, retries included; any number.
  enum class Kind : std::uint8_t { kAttempt, kWaiting };

  // Waits at most `limit` for the lock. Fails with kVolumeBusy when another
  // agent holds it, kStopped on a stop request, kInternal.
  static Result<VolumeGuard> Take(const std::filesystem::path& run_directory,
                                  std::string_view volume, Kind kind,
                                  std::chrono::milliseconds limit);

  // Whether some process holds a guard of either kind now.
  static bool IsHeld(const std::filesystem::path& run_directory,
                     std::string_view volume);

 private:
  explicit VolumeGuard(UniqueFd file) : file_(std::move(file)) {}
  UniqueFd file_;
};

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_VOLUME_GUARD_H_
