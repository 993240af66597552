// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXT4_FOLDER_H_
#define TDXVFS_LUKS_IMAGE_EXT4_FOLDER_H_

#include <cstdint>
#include <map>
#include <string>

#include "common/result.h"
#include "luks/image/ext4_file_system.h"
#include "luks/image/ext4_room.h"

namespace tdxvfs::image {

// The inodes of a folder's names, in byte order, without "." and "..".
using Ext4Names = std::map<std::string, std::uint32_t>;

// Reads one folder, whose blocks the caller has taken from `room`; its entries
// are taken from it here. Fails with kFileInvalid: damage, a name that no
// folder can have (a second "..", one with a slash or a zero byte), one that
// stands there twice, and folders larger than the room.
Result<Ext4Names> ReadExt4Folder(const Ext4FileSystem& file_system,
                                 std::uint32_t inode, Ext4Room* room);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXT4_FOLDER_H_
