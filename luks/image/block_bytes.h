// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_BLOCK_BYTES_H_
#define TDXVFS_LUKS_IMAGE_BLOCK_BYTES_H_

#include <vector>

#include "luks/image/block_source.h"
#include "luks/image/byte_source.h"

namespace tdxvfs::image {

// A block source by bytes, for readers that ask for less than a block. One
// thread at a time; the source must outlive it.
class BlockBytes : public ByteSource {
 public:
  explicit BlockBytes(BlockSource* source) : source_(source) {}

  std::uint64_t size() const override;
  // Fails as the source does, and with kImageTruncated.
  Result<void> Read(std::uint64_t offset,
                    std::span<std::uint8_t> bytes) override;

 private:
  BlockSource* source_;
  std::vector<std::uint8_t> blocks_;  // of the last request that needed them
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_BLOCK_BYTES_H_
