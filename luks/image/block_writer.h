// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_BLOCK_WRITER_H_
#define TDXVFS_LUKS_IMAGE_BLOCK_WRITER_H_

#include <cstdint>
#include <span>

#include "common/result.h"
#include "luks/image/image_sink.h"

namespace tdxvfs::image {

// Counts what goes into a sink, and fills up its blocks.
class BlockWriter {
 public:
  explicit BlockWriter(ImageSink* sink) : sink_(sink) {}

  Result<void> Append(std::span<const std::uint8_t> bytes);
  // Zeroes up to byte `target` of the image.
  Result<void> PadTo(std::uint64_t target);
  // Zeroes up to the end of the block.
  Result<void> PadBlock();

  std::uint64_t position() const { return position_; }  // bytes
  // The next block; kNotSupported above 2^32 of them (16 TiB), erofs' limit.
  Result<std::uint32_t> NextBlock();

 private:
  ImageSink* sink_;
  std::uint64_t position_ = kImageBlockSize;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_BLOCK_WRITER_H_
