// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_DISK_RESERVE_H_
#define TDXVFS_KEYSERVER_AUDIT_DISK_RESERVE_H_

#include <cstdint>
#include <filesystem>
#include <utility>

#include "common/result.h"
#include "common/unique_fd.h"

namespace tdxvfs::keyserver {

// Disk that is kept back for the records of releases: a file of allocated
// blocks that gives some of them up when the disk is full. Whoever fills the
// disk, refused peers or another program, takes no record's place in it (threat
// A17). Not thread-safe.
class DiskReserve {
 public:
  // Opens or makes the file. A disk too full for it is no error: then the
  // reserve is not whole. Fails with kAuditUnavailable.
  static Result<DiskReserve> Open(const std::filesystem::path& path,
                                  std::uint64_t bytes);

  // Whether all of it is there.
  bool whole() const { return held_ == bytes_; }
  // Gives up to a MiB back to the disk; false when there is none left.
  bool GiveUpSome();
  // Takes back what is missing, where the disk has twice that to spare.
  void Refill();

 private:
  DiskReserve(UniqueFd file, std::uint64_t bytes)
      : file_(std::move(file)), bytes_(bytes) {}

  UniqueFd file_;
  std::uint64_t bytes_;
  std::uint64_t held_ = 0;
};

// What is free on the disk of an open file, in bytes; nothing is known when the
// system does not say, and then it is plenty.
std::uint64_t FreeBytes(int file);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_DISK_RESERVE_H_
