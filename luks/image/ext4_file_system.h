// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXT4_FILE_SYSTEM_H_
#define TDXVFS_LUKS_IMAGE_EXT4_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/result.h"
#include "luks/image/byte_source.h"

struct struct_ext2_filsys;

namespace tdxvfs::image {

// What libext2fs reads through: a source, and why it failed last, for which the
// library has no words.
struct Ext4Channel {
  ByteSource* source = nullptr;
  std::optional<Error> failure;
};

// An ext2, ext3 or ext4 file system, opened by libext2fs, which reads through a
// source and cannot write. Nothing of it is believed: it may be of a stranger's
// making. One thread at a time; the source must outlive it.
class Ext4FileSystem {
 public:
  // Fails with kNotSupported (no such file system, or features unknown to the
  // library), kImageTruncated (larger than the source), kFileInvalid (damaged,
  // not cleanly unmounted, or marked as having errors) and as the source does.
  static Result<Ext4FileSystem> Open(ByteSource* source);

  struct_ext2_filsys* get() const { return file_system_.get(); }
  ByteSource* source() const { return channel_->source; }
  std::uint64_t size() const;  // bytes, not above the source's
  // Why a call of the library failed: the source's own error, or kFileInvalid
  // with the library's words for `code`.
  Error Failure(const std::string& what, long code) const;

 private:
  struct Free {
    void operator()(struct_ext2_filsys* file_system) const;
  };
  Ext4FileSystem() = default;

  std::unique_ptr<Ext4Channel> channel_;  // the library keeps its address
  std::unique_ptr<struct_ext2_filsys, Free> file_system_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXT4_FILE_SYSTEM_H_
