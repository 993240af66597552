// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/disk_reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace tdxvfs::keyserver {
namespace {

constexpr std::uint64_t kStep = std::uint64_t{1} << 20U;
constexpr std::uint64_t kStatBlock = 512;  // st_blocks counts these

}  // namespace

Result<DiskReserve> DiskReserve::Open(const std::filesystem::path& path,
                                      std::uint64_t bytes) {
  UniqueFd file(
      open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat status {};
  if (!file.valid() || fstat(file.get(), &status) != 0) {
    return SystemError(Reason::kAuditUnavailable,
                       "open reserve '" + path.string() + "'", errno);
  }
  DiskReserve reserve(std::move(file), bytes);
  // What an earlier run left goes on to count, unless it is sparse or too big.
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto allocated =
      static_cast<std::uint64_t>(status.st_blocks) * kStatBlock;
  if (size <= bytes && allocated >= size) {
    reserve.held_ = size;
  } else if (ftruncate(reserve.file_.get(), 0) != 0) {
    return SystemError(Reason::kAuditUnavailable,
                       "empty reserve '" + path.string() + "'", errno);
  }
  reserve.Refill();
  return reserve;
}

bool DiskReserve::GiveUpSome() {
  if (held_ == 0) {
    return false;
  }
  const std::uint64_t left = held_ - std::min(held_, kStep);
  if (ftruncate(file_.get(), static_cast<off_t>(left)) != 0) {
    return false;
  }
  held_ = left;
  return true;
}

void DiskReserve::Refill() {
  const std::uint64_t missing = bytes_ - held_;
  if (missing == 0 || FreeBytes(file_.get()) / 2 < missing) {
    return;
  }
  if (posix_fallocate(file_.get(), 0, static_cast<off_t>(bytes_)) == 0) {
    held_ = bytes_;
  }
}

std::uint64_t FreeBytes(int file) {
  struct statvfs status {};
  if (fstatvfs(file, &status) != 0) {
    return std::numeric_limits<std::uint64_t>::max();
  }
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace tdxvfs::keyserver
