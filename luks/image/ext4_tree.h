// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXT4_TREE_H_
#define TDXVFS_LUKS_IMAGE_EXT4_TREE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "common/result.h"
#include "luks/image/ext4_file_system.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// An ext4 file system as a tree to be packed.
struct Ext4Tree {
  SourceTree tree;                    // its root path is "/"
  std::vector<std::uint32_t> inodes;  // by node
};

// Scans the whole file system, in the order of OrderTree, as ScanSource does a
// folder: user.* attributes and ACLs are kept, devices and sockets refused by
// path. An empty /lost+found, which mke2fs makes, is left out. `epoch`: the
// time of every node, when set. Everything is taken from an Ext4Room, so that
// contents are no more than the file system has room for.
//
// Fails, naming the path, as ReadExt4Folder and ReadExt4Inode do; kFileInvalid
// also for a folder that stands in two places, and so for loops.
Result<Ext4Tree> ScanExt4(const Ext4FileSystem& file_system,
                          std::optional<std::int64_t> epoch);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXT4_TREE_H_
