// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_FILE_SYSTEM_IMAGE_H_
#define TDXVFS_LUKS_IMAGE_FILE_SYSTEM_IMAGE_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/unique_fd.h"

namespace tdxvfs::image {

// A file system in the clear, in a scratch file that has no name.
struct FileSystemImage {
  UniqueFd content;
  std::uint64_t size = 0;  // bytes, a multiple of 4096
};

// Builds a read-only file system image from a directory; one implementation
// per file system. Owners, modes and, unless SOURCE_DATE_EPOCH is set, times
// are those of the source.
class FileSystemImageBuilder {
 public:
  FileSystemImageBuilder() = default;
  FileSystemImageBuilder(const FileSystemImageBuilder&) = delete;
  FileSystemImageBuilder& operator=(const FileSystemImageBuilder&) = delete;
  virtual ~FileSystemImageBuilder() = default;

  // `uuid` becomes the file system's own. Fails with kFileNotFound (source or
  // tool), kFileInvalid, kFileUnreadable, kNoSpace.
  virtual Result<FileSystemImage> Build(const std::filesystem::path& source,
                                        std::string_view uuid) const = 0;
};

// erofs through mkfs.erofs (package erofs-utils) as a child process.
class ErofsTool : public FileSystemImageBuilder {
 public:
  Result<FileSystemImage> Build(const std::filesystem::path& source,
                                std::string_view uuid) const override;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_FILE_SYSTEM_IMAGE_H_
