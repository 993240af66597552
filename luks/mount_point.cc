// SPDX-License-Identifier: Apache-2.0
#include "luks/mount_point.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

namespace tdxvfs::luks {
namespace {

std::string QuotedMountPoint(const std::filesystem::path& path) {
  return "mount point '" + path.string() + "'";
}

UniqueFd OpenDirectory(const std::filesystem::path& path) {
  return UniqueFd(
      ::open(path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// The mount that a directory handle lies in, if it is that mount's root.
std::optional<MountEntry> MountRootedAt(int directory) {
  struct statx status {};
  if (::statx(directory, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID,
              &status) != 0 ||
      (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0) {
    return std::nullopt;
  }
  const std::vector<MountEntry> mounts = MountsOf(0);
  const auto entry = std::find_if(
      mounts.begin(), mounts.end(),
      [&](const MountEntry& mount) { return mount.id == status.stx_mnt_id; });
  if (entry == mounts.end()) {
    return std::nullopt;
  }
  return *entry;
}

void MakeImmutable(const std::filesystem::path& path) {
  const UniqueFd directory(
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  int flags = 0;
  if (directory.valid() &&
      ::ioctl(directory.get(), FS_IOC_GETFLAGS, &flags) == 0) {
    flags |= FS_IMMUTABLE_FL;
    (void)::ioctl(directory.get(), FS_IOC_SETFLAGS, &flags);
  }
}

Result<void> MakeIfAbsent(const std::filesystem::path& path) {
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  if (failed) {
    return SystemError(Reason::kMountFailed, QuotedMountPoint(path),
                       failed.value());
  }
  if (::mkdir(path.c_str(), 0) == 0) {
    MakeImmutable(path);
  } else if (errno != EEXIST) {
    return SystemError(Reason::kMountFailed, QuotedMountPoint(path), errno);
  }
  return {};
}

void WarnIfNotEmpty(const std::filesystem::path& path,
                    const std::function<void(std::string)>& warn) {
  std::error_code ignored;
  if (warn && !std::filesystem::is_empty(path, ignored) && !ignored) {
    warn(QuotedMountPoint(path) +
         " is not empty: what lies there in the clear is hidden while the "
         "volume is open");
  }
}

}  // namespace

Result<MountPoint> MountPoint::Prepare(
    const std::filesystem::path& path,
    const std::function<void(std::string)>& warn) {
  if (!path.is_absolute()) {
    return Error(Reason::kMountFailed,
                 QuotedMountPoint(path) + " is not absolute");
  }
  RETURN_IF_ERROR(MakeIfAbsent(path));
  MountPoint point;
  point.path_ = path;
  point.directory_ = OpenDirectory(path);
  if (!point.directory_.valid()) {
    if (errno == ELOOP || errno == ENOTDIR) {
      return Error(
          Reason::kMountPointOccupied,
          QuotedMountPoint(path) + " is a symbolic link or no directory");
    }
    return SystemError(Reason::kMountFailed, QuotedMountPoint(path), errno);
  }
  struct statx status {};
  if (::statx(point.descriptor(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0,
              &status) != 0) {
    return SystemError(Reason::kMountFailed, QuotedMountPoint(path), errno);
  }
  if ((status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) {
    const auto mount = MountRootedAt(point.descriptor());
    return Error(Reason::kMountPointOccupied,
                 QuotedMountPoint(path) + " has '" +
                     (mount.has_value() ? mount->source : "something") +
                     "' mounted on it");
  }
  WarnIfNotEmpty(path, warn);
  return point;
}

std::optional<MountEntry> MountAt(const std::filesystem::path& path) {
  const UniqueFd directory = OpenDirectory(path);
  return directory.valid() ? MountRootedAt(directory.get()) : std::nullopt;
}

}  // namespace tdxvfs::luks
