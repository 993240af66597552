// SPDX-License-Identifier: Apache-2.0
#include "agent/volume_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <string>

#include "agent/stop_request.h"

namespace tdxvfs::agent {
namespace {

constexpr mode_t kDirectoryMode = 0755;
constexpr mode_t kFileMode = 0600;
constexpr std::chrono::milliseconds kPause{50};

std::filesystem::path LockPath(const std::filesystem::path& run_directory,
                               std::string_view volume) {
  return run_directory / (std::string(volume) + ".lock");
}

// Each kind has a byte of its own. Locks belong to the open file description,
// so that they end with the process that opened it and with nothing else.
struct flock RangeOf(VolumeGuard::Kind kind, short type) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = kind == VolumeGuard::Kind::kAttempt ? 0 : 1;
  range.l_len = 1;
  return range;
}

bool IsRangeHeld(int file, VolumeGuard::Kind kind) {
  struct flock range = RangeOf(kind, F_WRLCK);
  return fcntl(file, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

}  // namespace

Result<VolumeGuard> VolumeGuard::Take(
    const std::filesystem::path& run_directory, std::string_view volume,
    Kind kind, std::chrono::milliseconds limit) {
  if (mkdir(run_directory.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
    return SystemError(Reason::kPermission,
                       "make '" + run_directory.string() + "'", errno);
  }
  const auto path = LockPath(run_directory, volume);
  UniqueFd file(
      open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (!file.valid()) {
    return SystemError(Reason::kPermission, "open '" + path.string() + "'",
                       errno);
  }
  const short type = kind == Kind::kAttempt ? F_WRLCK : F_RDLCK;
  const auto end = std::chrono::steady_clock::now() + limit;
  struct flock range = RangeOf(kind, type);
  while (fcntl(file.get(), F_OFD_SETLK, &range) != 0) {
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
      return SystemError(Reason::kInternal, "lock '" + path.string() + "'",
                         errno);
    }
    if (std::chrono::steady_clock::now() >= end) {
      return Error(Reason::kVolumeBusy,
                   "another tdxvfs-agent is at work on volume '" +
                       std::string(volume) + "'");
    }
    if (!SleepUnlessStopped(kPause)) {
      return Error(Reason::kStopped, "stopped while another agent is at work");
    }
  }
  return VolumeGuard(std::move(file));
}

bool VolumeGuard::IsHeld(const std::filesystem::path& run_directory,
                         std::string_view volume) {
  const UniqueFd file(open(LockPath(run_directory, volume).c_str(),
                           O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return file.valid() && (IsRangeHeld(file.get(), Kind::kAttempt) ||
                          IsRangeHeld(file.get(), Kind::kWaiting));
}

}  // namespace tdxvfs::agent
