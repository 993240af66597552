// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXT4_INODE_H_
#define TDXVFS_LUKS_IMAGE_EXT4_INODE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "common/result.h"
#include "luks/image/ext4_file_system.h"
#include "luks/image/ext4_room.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// What an inode says, as a volume keeps it; parent, position and entries are
// the caller's to set.
struct Ext4Inode {
  SourceNode node;
  std::string link_target;  // of symbolic links
  SourceAttributes attributes;
};

// Reads one inode and takes it, its blocks and its attributes from `room`.
// `epoch`: its time, when set. Fails with kFileInvalid (damage, devices,
// sockets, impossible links and attributes, no room), kNotSupported (encrypted
// by the file system, or 16 TiB in all) and as the source does.
Result<Ext4Inode> ReadExt4Inode(const Ext4FileSystem& file_system,
                                std::uint32_t number,
                                std::optional<std::int64_t> epoch,
                                Ext4Room* room);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXT4_INODE_H_
