// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SQUASHFS_SOURCE_H_
#define TDXVFS_LUKS_IMAGE_SQUASHFS_SOURCE_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include <sqfs/error.h>
#include <sqfs/io.h>

#include "common/result.h"
#include "luks/image/byte_source.h"

namespace tdxvfs::image {

// What Allow gives for the metadata of one name, inode or call.
inline constexpr std::uint64_t kMetadataReads = 64;

// The file that libsquashfs reads from, over a source; it cannot write. One
// thread at a time; the source must outlive it.
class SquashfsSource : public sqfs_file_t {
 public:
  explicit SquashfsSource(ByteSource* source);
  SquashfsSource(const SquashfsSource&) = delete;
  SquashfsSource& operator=(const SquashfsSource&) = delete;
  ~SquashfsSource() = default;

  ByteSource* source() const { return source_; }
  // How many times the next calls of the library may read, two for each 8 KiB
  // of metadata. It allocates by what the image says and fills that as it
  // reads, so this bounds the memory and the time that a lie costs.
  void Allow(std::uint64_t reads) { reads_ = reads; }
  // What a call of libsquashfs came to, positive codes being good: the source's
  // own error where it failed, else kImageCorrupt or kNotSupported with `what`
  // and the library's words.
  Result<void> Check(int code, std::string_view what) const;

 private:
  static int ReadAt(sqfs_file_t* file, sqfs_u64 offset, void* buffer,
                    std::size_t size);
  int Read(std::uint64_t offset, std::span<std::uint8_t> bytes);

  ByteSource* source_;
  std::uint64_t reads_ = 0;
  std::optional<Error> error_;  // of the source, the first
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SQUASHFS_SOURCE_H_
