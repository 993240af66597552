// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_MOUNT_TABLE_H_
#define TDXVFS_LUKS_MOUNT_TABLE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace tdxvfs::luks {

// One line of /proc/PID/mountinfo (proc(5)).
struct MountEntry {
  std::uint64_t id = 0;
  dev_t device = 0;
  std::string path;           // mount point, unescaped
  std::string mount_options;  // of this mount: "ro,nosuid,nodev,noexec"
  std::string file_system;
  std::string source;
  std::string super_options;  // of the file system
};

// Lines that do not look like mountinfo are left out.
std::vector<MountEntry> ParseMountInfo(std::string_view text);

// The mounts that a process sees; 0: this one. Empty when it is gone.
std::vector<MountEntry> MountsOf(pid_t pid);

// Whether one of the comma-separated options is `option`.
bool HasOption(std::string_view options, std::string_view option);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_MOUNT_TABLE_H_
