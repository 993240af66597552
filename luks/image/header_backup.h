// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_HEADER_BACKUP_H_
#define TDXVFS_LUKS_IMAGE_HEADER_BACKUP_H_

#include <cstdint>
#include <filesystem>
#include <span>

#include "common/result.h"

namespace tdxvfs::image {

// A copy of an old volume's header in a file of mode 0600, written before
// anything else is made or changed: `cryptsetup luksHeaderRestore` takes it.
// Removed when destroyed without Keep, unless it was there before.
class HeaderBackup {
 public:
  // A file that holds exactly these bytes is taken as it is: an import that was
  // killed left it. Fails with kAlreadyExists (something else) and as
  // PendingFile does.
  static Result<HeaderBackup> Write(const std::filesystem::path& path,
                                    std::span<const std::uint8_t> header);

  HeaderBackup(HeaderBackup&& other) noexcept;
  HeaderBackup& operator=(HeaderBackup&&) = delete;
  HeaderBackup(const HeaderBackup&) = delete;
  HeaderBackup& operator=(const HeaderBackup&) = delete;
  ~HeaderBackup();

  void Keep() { made_.clear(); }

 private:
  explicit HeaderBackup(std::filesystem::path made) : made_(std::move(made)) {}
  std::filesystem::path made_;  // to be removed; empty: nothing
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_HEADER_BACKUP_H_
