// SPDX-License-Identifier: Apache-2.0
#include "luks/image/verity_tree.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tdxvfs::image {

std::vector<VerityLevel> VerityLevels(std::uint64_t data_blocks) {
  std::vector<VerityLevel> levels;
  for (std::uint64_t blocks = data_blocks; blocks > 1;) {
    blocks = blocks / kHashesPerBlock + (blocks % kHashesPerBlock != 0 ? 1 : 0);
    levels.push_back({.first_block = 0, .blocks = blocks});
  }
  std::uint64_t next = 0;
  std::for_each(levels.rbegin(), levels.rend(), [&](VerityLevel& level) {
    level.first_block = next;
    next += level.blocks;
  });
  return levels;
}

std::uint64_t VerityTreeBlocks(std::uint64_t data_blocks) {
  const auto levels = VerityLevels(data_blocks);
  return levels.empty() ? 0
                        : levels.front().first_block + levels.front().blocks;
}

Result<VerityTree> VerityTree::Create(std::uint64_t data_blocks,
                                      std::span<const std::uint8_t> salt,
                                      Sink sink) {
  if (data_blocks == 0) {
    return Error(Reason::kUsage, "no data blocks to build a verity tree over");
  }
  ASSIGN_OR_RETURN(VerityHash hash, VerityHash::Create(salt));
  VerityTree tree(std::move(hash), std::move(sink));
  tree.missing_ = data_blocks;
  for (const VerityLevel& place : VerityLevels(data_blocks)) {
    Level level;
    level.place = place;
    level.block.reserve(kVerityBlockSize);
    tree.levels_.push_back(std::move(level));
  }
  return tree;
}

Result<void> VerityTree::Append(std::span<const Sha256Digest> hashes) {
  if (hashes.size() > missing_) {
    return Error(Reason::kInternal, "verity tree: more data than announced");
  }
  missing_ -= hashes.size();
  for (const Sha256Digest& hash : hashes) {
    RETURN_IF_ERROR(Add(hash, 0));
  }
  return {};
}

// A full block's own hash goes into the level above it, and so on upwards; the
// hash that no level takes is the root.
Result<void> VerityTree::Add(const Sha256Digest& hash, std::size_t level) {
  Sha256Digest next = hash;
  for (std::size_t at = level; at < levels_.size(); ++at) {
    Level& into = levels_[at];
    into.block.insert(into.block.end(), next.begin(), next.end());
    if (into.block.size() < kVerityBlockSize) {
      return {};
    }
    ASSIGN_OR_RETURN(next, Flush(&into));
  }
  root_ = next;
  return {};
}

Result<Sha256Digest> VerityTree::Flush(Level* level) {
  level->block.resize(kVerityBlockSize, 0);
  ASSIGN_OR_RETURN(const Sha256Digest hash, hash_.Of(level->block));
  RETURN_IF_ERROR(
      sink_(level->place.first_block + level->written, level->block));
  ++level->written;
  level->block.clear();
  return hash;
}

Result<Sha256Digest> VerityTree::Finish() {
  if (missing_ != 0) {
    return Error(Reason::kInternal, "verity tree: " + std::to_string(missing_) +
                                        " data blocks are missing");
  }
  for (std::size_t at = 0; at < levels_.size(); ++at) {
    if (!levels_[at].block.empty()) {
      ASSIGN_OR_RETURN(const Sha256Digest hash, Flush(&levels_[at]));
      RETURN_IF_ERROR(Add(hash, at + 1));
    }
  }
  return root_;
}

}  // namespace tdxvfs::image
