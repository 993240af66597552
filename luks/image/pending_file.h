// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_PENDING_FILE_H_
#define TDXVFS_LUKS_IMAGE_PENDING_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <span>

#include "common/result.h"
#include "common/unique_fd.h"

namespace tdxvfs::image {

inline constexpr mode_t kImageMode = 0644;

// A new file that gets its name only when it is complete: until Commit it has
// no name at all (O_TMPFILE), so that even a killed process leaves nothing.
// Where the file system has no such files it is written as NAME.partial and
// removed when destroyed without Commit.
class PendingFile {
 public:
  // Fails with kAlreadyExists, kNoSpace, kPermission, kFileNotFound (the
  // folder) or kFileUnreadable.
  static Result<PendingFile> Create(const std::filesystem::path& path,
                                    mode_t mode);

  PendingFile(PendingFile&&) noexcept = default;
  PendingFile& operator=(PendingFile&&) = delete;
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  ~PendingFile();

  int descriptor() const { return descriptor_.get(); }
  const std::filesystem::path& path() const { return path_; }

  // Syncs the file, gives it its name and syncs the folder. Never replaces a
  // file: kAlreadyExists.
  Result<void> Commit();

 private:
  PendingFile() = default;
  Result<void> Link() const;
  UniqueFd descriptor_;
  std::filesystem::path path_;
  std::filesystem::path partial_;  // empty for a nameless file
};

// An unlinked file of mode 0600 in a folder. Fails by ReasonOfWrite.
Result<UniqueFd> OpenScratchFile(const std::filesystem::path& folder);

// Reads exactly these bytes; fewer are kIoError.
Result<void> ReadAll(int descriptor, std::uint64_t offset,
                     std::span<std::uint8_t> target);

// Writes everything at `offset`; errors by ReasonOfWrite.
Result<void> WriteAll(int descriptor, std::uint64_t offset,
                      std::span<const std::uint8_t> bytes);

// The folder that a path lies in; "." for a bare name.
std::filesystem::path FolderOf(const std::filesystem::path& path);

// 'PATH', as messages call it.
std::string Quoted(const std::filesystem::path& path);

// ReasonOfWriting, and kIoError for a dying disk.
Reason ReasonOfWrite(int error_number);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_PENDING_FILE_H_
