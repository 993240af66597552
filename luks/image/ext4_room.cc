// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_room.h"

#include <algorithm>
#include <string>

#include <ext2fs/ext2fs.h>

#include "luks/image/ext4_blocks.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {
namespace {

// They are kept in memory, and an attribute block may rightly be shared by
// 1024 inodes.
constexpr std::uint64_t kMostKeptAttributes = std::uint64_t{1} << 30U;  // bytes

Result<void> Take(std::uint64_t bytes, std::uint64_t* room, const char* what) {
  if (bytes > *room) {
    return Error(Reason::kFileInvalid, std::string(what) +
                                           " of all files together are more "
                                           "than the file system has room for");
  }
  *room -= bytes;
  return {};
}

}  // namespace

Ext4Room::Ext4Room(const Ext4FileSystem& file_system)
    : file_system_(file_system),
      blocks_(file_system.size()),
      folders_(file_system.size()),
      attributes_(std::min(file_system.size(), kMostKeptAttributes)),
      files_(kMaxContents) {}

Result<void> Ext4Room::TakeInode() {
  return Take(EXT2_INODE_SIZE(file_system_.get()->super), &blocks_,
              "the inodes and blocks");
}

Result<void> Ext4Room::TakeBlocks(std::uint32_t inode) {
  ASSIGN_OR_RETURN(const bool has_blocks, HasExt4Blocks(file_system_, inode));
  if (!has_blocks) {
    return {};
  }
  const std::uint64_t block_size = file_system_.get()->blocksize;
  return WalkExt4Blocks(
      file_system_, inode, [this, block_size](const Ext4Run& run) {
        return Take(run.blocks * block_size, &blocks_, "the inodes and blocks");
      });
}

Result<void> Ext4Room::TakeFolder(std::uint64_t bytes) {
  return Take(bytes, &folders_, "the folders");
}

Result<void> Ext4Room::TakeAttribute(std::uint64_t bytes) {
  return Take(bytes, &attributes_, "the extended attributes");
}

Result<void> Ext4Room::TakeFile(std::uint64_t bytes) {
  if (bytes > files_) {
    return Error(Reason::kNotSupported,
                 "files of more than 16 TiB in all, holes included");
  }
  files_ -= bytes;
  return {};
}

}  // namespace tdxvfs::image
