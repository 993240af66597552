// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_BLOCK_SOURCE_H_
#define TDXVFS_LUKS_IMAGE_BLOCK_SOURCE_H_

#include <cstdint>
#include <span>

#include "common/result.h"

namespace tdxvfs::image {

// A file system image in the clear, by blocks of kImageBlockSize bytes. One
// thread at a time.
class BlockSource {
 public:
  BlockSource() = default;
  BlockSource(const BlockSource&) = delete;
  BlockSource& operator=(const BlockSource&) = delete;
  virtual ~BlockSource() = default;

  virtual std::uint64_t blocks() const = 0;
  // Fills `bytes`, a multiple of kImageBlockSize, from `first_block` on. The
  // caller asks for blocks below blocks() only.
  virtual Result<void> Read(std::uint64_t first_block,
                            std::span<std::uint8_t> bytes) = 0;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_BLOCK_SOURCE_H_
