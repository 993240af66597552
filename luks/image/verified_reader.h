// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_VERIFIED_READER_H_
#define TDXVFS_LUKS_IMAGE_VERIFIED_READER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "luks/image/block_source.h"
#include "luks/image/sealed_image.h"
#include "luks/image/verity_hash.h"

namespace tdxvfs::image {

// A block that is not what its parent in the hash tree says.
struct BadBlock {
  // Of the hash tree, 0 being the lowest; nothing: a data block.
  std::optional<std::uint32_t> level;
  std::uint64_t number = 0;        // within the data or the level
  std::uint64_t image_offset = 0;  // bytes

  auto operator<=>(const BadBlock&) const = default;
};

// "data block 7 (byte 1077248 of the image)", "hash block 0 of level 1 (...)".
std::string Describe(const BadBlock& block);

// Reads an image and checks each block against the hash tree, up to the root
// hash of the manifest. Keeps the last hash block of each level, so that
// reading in order checks each of them once. One thread at a time; the image
// must outlive it.
class VerifiedReader : public BlockSource {
 public:
  // Fails with kInternal.
  static Result<std::unique_ptr<VerifiedReader>> Create(
      const SealedImage* image);

  std::uint64_t blocks() const override { return image_->data_blocks(); }
  // Fails with kImageCorrupt at the first block that is wrong, and as
  // SealedImage::ReadUnchecked does.
  Result<void> Read(std::uint64_t first_block,
                    std::span<std::uint8_t> bytes) override;

  // The same, but tells of every bad block and of how many of the data blocks
  // asked for it spoils, and goes on. Data below a bad hash block cannot be
  // judged: only the hash block is told of, once for each 128 data blocks that
  // share a parent.
  using Sink =
      std::function<void(const BadBlock& bad, std::uint64_t data_blocks)>;
  Result<void> Check(std::uint64_t first_block, std::span<std::uint8_t> bytes,
                     const Sink& sink);

 private:
  // A hash block that led to the root, or did not.
  struct Kept {
    std::optional<std::uint64_t> number;
    std::optional<BadBlock> bad;  // it, or one above it
    std::vector<std::uint8_t> bytes;
  };
  VerifiedReader(const SealedImage* image, SectorCipher cipher,
                 VerityHash hash);
  Result<const Kept*> HashBlock(std::uint32_t level, std::uint64_t number);
  Result<void> CheckGroup(std::uint64_t block,
                          std::span<const std::uint8_t> bytes,
                          const Sink& sink);
  Result<bool> Matches(std::span<const std::uint8_t> block,
                       std::span<const std::uint8_t> hash);

  const SealedImage* image_;
  SectorCipher cipher_;
  VerityHash hash_;
  std::vector<Kept> kept_;  // by level
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_VERIFIED_READER_H_
