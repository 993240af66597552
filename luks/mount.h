// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_MOUNT_H_
#define TDXVFS_LUKS_MOUNT_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "luks/mount_point.h"

namespace tdxvfs::luks {

struct MountRequest {
  std::string source;                // "/dev/mapper/..."
  dev_t device = 0;                  // that must turn out to be mounted
  std::string file_system;           // pinned; never guessed
  std::vector<std::string> options;  // of: ro, noatime, relatime, noload
};

// What a guest takes: a file system, and an option of a file system.
bool IsMountable(std::string_view file_system);
bool IsMountOption(std::string_view option, std::string_view file_system);

// File systems and options that a grant may name. Fails with kGrantInvalid.
Result<void> CheckMountRequest(const MountRequest& request);

// Mounts read-only, nodev, nosuid and noexec, on the directory that `point`
// holds open. The file system is complete before it appears there. Fails with
// kMountFailed or kIoError, with the kernel's own words.
Result<void> MountOn(const MountPoint& point, const MountRequest& request);

enum class Unmounting : std::uint8_t { kNormal, kDetach };

// Takes the topmost mount at `path` away. Fails with kVolumeBusy or
// kMountFailed.
Result<void> UnmountFrom(const std::string& path, Unmounting how);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_MOUNT_H_
