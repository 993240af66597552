// SPDX-License-Identifier: Apache-2.0
#include "luks/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "common/unique_fd.h"

namespace tdxvfs::luks {
namespace {

constexpr std::array<std::string_view, 3> kFileSystems{"erofs", "squashfs",
                                                       "ext4"};
constexpr std::array<std::string_view, 4> kOptions{"ro", "noatime", "relatime",
                                                   "noload"};

constexpr std::size_t kLevel = 2;  // bytes: "e " before an error's words

bool Contains(const std::vector<std::string>& options,
              std::string_view option) {
  return std::find(options.begin(), options.end(), option) != options.end();
}

// The kernel's last words about a mount being made ("e erofs: ...").
std::string LastWords(int context) {
  std::array<char, 512> text{};
  std::string last;
  ssize_t got = 0;
  while ((got = ::read(context, text.data(), text.size())) > 0) {
    last.assign(text.data(), static_cast<std::size_t>(got));
  }
  while (!last.empty() && last.back() == '\n') {
    last.pop_back();
  }
  return last.size() > kLevel ? last.substr(kLevel) : std::string();
}

Error MountError(const MountRequest& request, int context, int error_number) {
  const Reason reason =
      error_number == EIO ? Reason::kIoError : Reason::kMountFailed;
  std::string what = "mount '" + request.source + "' as " + request.file_system;
  const std::string words = LastWords(context);
  if (!words.empty()) {
    what += ": " + words;
  }
  return SystemError(reason, what, error_number);
}

// Mount attributes (fsmount(2)); whatever the grant says, these always hold.
unsigned AttributesFor(const MountRequest& request) {
  unsigned attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
                        MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  if (Contains(request.options, "noatime")) {
    attributes |= MOUNT_ATTR_NOATIME;
  }
  return attributes;
}

// A mount that is not attached anywhere yet; closing it undoes it.
Result<UniqueFd> MakeMount(const MountRequest& request) {
  const UniqueFd context(::fsopen(request.file_system.c_str(), FSOPEN_CLOEXEC));
  if (!context.valid()) {
    return SystemError(Reason::kMountFailed,
                       "file system '" + request.file_system + "'", errno);
  }
  const int fs = context.get();
  if (::fsconfig(fs, FSCONFIG_SET_STRING, "source", request.source.c_str(),
                 0) != 0 ||
      ::fsconfig(fs, FSCONFIG_SET_FLAG, "ro", nullptr, 0) != 0 ||
      (Contains(request.options, "noload") &&
       ::fsconfig(fs, FSCONFIG_SET_FLAG, "noload", nullptr, 0) != 0) ||
      ::fsconfig(fs, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return MountError(request, fs, errno);
  }
  UniqueFd mount(::fsmount(fs, FSMOUNT_CLOEXEC, AttributesFor(request)));
  if (!mount.valid()) {
    return MountError(request, fs, errno);
  }
  return mount;
}

}  // namespace

bool IsMountable(std::string_view file_system) {
  return std::find(kFileSystems.begin(), kFileSystems.end(), file_system) !=
         kFileSystems.end();
}

bool IsMountOption(std::string_view option, std::string_view file_system) {
  return std::find(kOptions.begin(), kOptions.end(), option) !=
             kOptions.end() &&
         (option != "noload" || file_system == "ext4");
}

Result<void> CheckMountRequest(const MountRequest& request) {
  if (!IsMountable(request.file_system)) {
    return Error(Reason::kGrantInvalid,
                 "the grant names file system '" + request.file_system + "'");
  }
  for (const std::string& option : request.options) {
    if (!IsMountOption(option, request.file_system)) {
      return Error(Reason::kGrantInvalid,
                   "the grant names mount option '" + option + "'");
    }
  }
  return {};
}

Result<void> MountOn(const MountPoint& point, const MountRequest& request) {
  ASSIGN_OR_RETURN(const UniqueFd mount, MakeMount(request));
  // The source was a name; what counts is the device that was mounted.
  struct stat status {};
  if (::fstat(mount.get(), &status) != 0 || status.st_dev != request.device) {
    return Error(Reason::kMountFailed,
                 "mount '" + request.source + "': another device answered");
  }
  if (::move_mount(mount.get(), "", point.descriptor(), "",
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) {
    return SystemError(Reason::kMountFailed,
                       "mount on '" + point.path().string() + "'", errno);
  }
  return {};
}

Result<void> UnmountFrom(const std::string& path, Unmounting how) {
  const int flags =
      UMOUNT_NOFOLLOW | (how == Unmounting::kDetach ? MNT_DETACH : 0);
  if (::umount2(path.c_str(), flags) != 0) {
    return SystemError(
        errno == EBUSY ? Reason::kVolumeBusy : Reason::kMountFailed,
        "unmount '" + path + "'", errno);
  }
  return {};
}

}  // namespace tdxvfs::luks
