// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXT4_ROOM_H_
#define TDXVFS_LUKS_IMAGE_EXT4_ROOM_H_

#include <cstdint>

#include "common/result.h"
#include "luks/image/ext4_file_system.h"

namespace tdxvfs::image {

// How much of everything the files of a file system may still claim. An honest
// one has every block once, so a hostile one is made to cost no more time,
// memory and disk than an honest one of its size: without it, thousands of
// files could name the same blocks.
class Ext4Room {
 public:
  explicit Ext4Room(const Ext4FileSystem& file_system);

  // Each fails with kFileInvalid when there is no room, TakeFile with
  // kNotSupported.
  Result<void> TakeInode();  // its slot in the inode table
  // All blocks of an inode: contents, and those that say where contents are.
  // Fails as WalkExt4Blocks does, too.
  Result<void> TakeBlocks(std::uint32_t inode);
  Result<void> TakeFolder(std::uint64_t bytes);  // as a folder says
  // Name and value. Inodes may share them, but there is a limit in all.
  Result<void> TakeAttribute(std::uint64_t bytes);
  // The size of a file, holes included.
  Result<void> TakeFile(std::uint64_t bytes);

 private:
  const Ext4FileSystem& file_system_;
  std::uint64_t blocks_;      // bytes, of blocks and of inodes
  std::uint64_t folders_;     // bytes
  std::uint64_t attributes_;  // bytes
  std::uint64_t files_;       // bytes
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXT4_ROOM_H_
