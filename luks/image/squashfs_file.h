// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SQUASHFS_FILE_H_
#define TDXVFS_LUKS_IMAGE_SQUASHFS_FILE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sqfs/error.h>
#include <sqfs/io.h>

#include "common/result.h"
#include "luks/image/image_sink.h"

namespace tdxvfs::image {

// Frees what libsquashfs made.
struct FreeSquashfs {
  template <typename Object>
  void operator()(Object* object) const {
    sqfs_destroy(object);
  }
};
template <typename Object>
using SquashfsPtr = std::unique_ptr<Object, FreeSquashfs>;

// Frees bytes that libsquashfs allocated and that are no object of its own.
struct FreeSquashfsBytes {
  void operator()(void* bytes) const { sqfs_free(bytes); }
};
template <typename Bytes>
using SquashfsBytes = std::unique_ptr<Bytes, FreeSquashfsBytes>;

// Where an inode has an index: no fragment, no attributes.
constexpr std::uint32_t kSquashfsNone = 0xffffffff;
constexpr std::uint32_t kSquashfsBlock = 128U * 1024;  // bytes, of contents

// What an inode says of a block: the bytes that it takes, and a bit that it is
// not compressed.
constexpr std::uint32_t kSquashfsStored = 1U << 24U;
constexpr std::uint32_t kSquashfsBlockBytes = kSquashfsStored - 1;

// What the image says cannot be.
inline Error DamagedSquashfs(const std::string& what) {
  return {Reason::kImageCorrupt, "squashfs: " + what};
}

// The file that libsquashfs writes to, over a sink: everything goes to the end
// in order, but the first block, which is kept until Finish because the
// superblock in it is written again at the end. Nothing is read back.
class SquashfsFile : public sqfs_file_t {
 public:
  // The sink must outlive it.
  explicit SquashfsFile(ImageSink* sink);
  SquashfsFile(const SquashfsFile&) = delete;
  SquashfsFile& operator=(const SquashfsFile&) = delete;
  ~SquashfsFile() = default;

  // What a call of libsquashfs came to: the sink's own error where it failed,
  // else kNotSupported or kInternal with `what` and the library's words.
  Result<void> Check(int code, std::string_view what) const;
  // Fills up the last block and gives the first one to the sink.
  Result<void> Finish();

  std::uint64_t size() const { return size_; }  // bytes

 private:
  static int WriteAt(sqfs_file_t* file, sqfs_u64 offset, const void* bytes,
                     std::size_t size);
  int Write(std::uint64_t offset, std::span<const std::uint8_t> bytes);

  ImageSink* sink_;
  std::uint64_t size_ = 0;
  std::array<std::uint8_t, kImageBlockSize> first_{};
  std::optional<Error> error_;  // of the sink, the first
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SQUASHFS_FILE_H_
