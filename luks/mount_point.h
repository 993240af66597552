// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_MOUNT_POINT_H_
#define TDXVFS_LUKS_MOUNT_POINT_H_

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/unique_fd.h"
#include "luks/mount_table.h"

namespace tdxvfs::luks {

// The directory a volume is mounted on, held open without following a symbolic
// link in its last part, so that nothing can be put in its place before the
// mount (threat G5).
class MountPoint {
 public:
  // Opens the directory; makes it when it is absent, with mode 0000 and
  // immutable where the file system can, so that a service that starts too
  // early writes nothing in the clear beneath the mount (threat G8). `warn`
  // gets a line when it is not empty. Fails with kMountPointOccupied (a link,
  // no directory, something is mounted) or kMountFailed.
  static Result<MountPoint> Prepare(
      const std::filesystem::path& path,
      const std::function<void(std::string)>& warn);

  int descriptor() const { return directory_.get(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  MountPoint() = default;
  UniqueFd directory_;
  std::filesystem::path path_;
};

// What is mounted exactly at `path`, topmost; nothing when the path is missing,
// ends in a link or is no mount point.
std::optional<MountEntry> MountAt(const std::filesystem::path& path);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_MOUNT_POINT_H_
