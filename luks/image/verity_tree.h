// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_VERITY_TREE_H_
#define TDXVFS_LUKS_IMAGE_VERITY_TREE_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "common/result.h"
#include "common/sha256.h"
#include "luks/image/verity_hash.h"

namespace tdxvfs::image {

// Where one level of a hash tree lies, in hash blocks from the tree's start.
struct VerityLevel {
  std::uint64_t first_block = 0;
  std::uint64_t blocks = 0;
};

// The levels of the tree over `data_blocks` blocks, the lowest first. As the
// kernel lays it out (admin-guide/device-mapper/verity, "Hash Tree"), the
// topmost level comes first on disk. One data block has no tree: its own hash
// is the root hash.
std::vector<VerityLevel> VerityLevels(std::uint64_t data_blocks);

// Length of the whole tree in hash blocks.
std::uint64_t VerityTreeBlocks(std::uint64_t data_blocks);

// Builds a dm-verity hash tree (format 1, SHA-256, blocks of 4096 bytes, no
// superblock) out of the hashes of the data blocks, given in order. Holds one
// block for each level, whatever the size; each block is handed out once, when
// it is full. Not thread-safe.
class VerityTree {
 public:
  // Takes a finished block and its place, in hash blocks from the tree's
  // start; blocks of different levels come interleaved.
  using Sink = std::function<Result<void>(std::uint64_t hash_block,
                                          std::span<const std::uint8_t> bytes)>;

  // Fails with kUsage: no data blocks at all, or a salt that is too long.
  static Result<VerityTree> Create(std::uint64_t data_blocks,
                                   std::span<const std::uint8_t> salt,
                                   Sink sink);

  // Takes the hashes of the next data blocks (VerityHash::Of). Fails with
  // kInternal (more than announced) and as the sink does.
  Result<void> Append(std::span<const Sha256Digest> hashes);

  // Hands out the blocks that are not full and returns the root hash. Fails
  // with kInternal when hashes are missing.
  Result<Sha256Digest> Finish();

 private:
  struct Level {
    VerityLevel place;
    std::uint64_t written = 0;  // blocks
    std::vector<std::uint8_t> block;
  };
  VerityTree(VerityHash hash, Sink sink)
      : hash_(std::move(hash)), sink_(std::move(sink)) {}
  Result<void> Add(const Sha256Digest& hash, std::size_t level);
  Result<Sha256Digest> Flush(Level* level);

  VerityHash hash_;
  Sink sink_;
  std::vector<Level> levels_;
  std::uint64_t missing_ = 0;  // data blocks
  Sha256Digest root_{};
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_VERITY_TREE_H_
