// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_FILE_H_
#define TDXVFS_LUKS_IMAGE_FILE_H_

#include <cstdint>
#include <filesystem>
#include <string>

#include "common/result.h"
#include "common/unique_fd.h"

namespace tdxvfs::luks {

// An opened image: a regular file or a block device. A symbolic link in the
// path is followed once, at opening; from then on the descriptor counts.
class ImageFile {
 public:
  // Opens read-only. Fails with kImageMissing, kImageUnreadable or kImageKind
  // (fifo, socket, character device, directory).
  static Result<ImageFile> Open(const std::filesystem::path& path);

  int descriptor() const { return descriptor_.get(); }
  bool is_block_device() const { return is_block_device_; }
  std::uint64_t size() const { return size_; }  // bytes
  const std::filesystem::path& path() const { return path_; }

 private:
  ImageFile() = default;
  UniqueFd descriptor_;
  bool is_block_device_ = false;
  std::uint64_t size_ = 0;
  std::filesystem::path path_;
};

// "image 'PATH'", as messages call it.
std::string QuotedName(const ImageFile& image);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_IMAGE_FILE_H_
