// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXT4_FOLDER_H_
#define TDXVFS_LUKS_IMAGE_EXT4_FOLDER_H_

#include <cstdint>
#include <map>
#include <string>

#include "common/result.h"
#include "luks/image/ext4_file_system.h"

namespace tdxvfs::image {

// The inodes of a folder's names, in byte order, without "." and "..".
using Ext4Names = std::map<std::string, std::uint32_t>;

// Reads one folder. `room`: how many bytes folders may still have in all, which
// becomes less by what this one has: blocks that stand in a folder again and
// again would otherwise have no end. Fails with kFileInvalid: damage, a name
// that no folder can have (a second "..", one with a slash or a zero byte), one
// that stands there twice, and folders larger than the room.
Result<Ext4Names> ReadExt4Folder(const Ext4FileSystem& file_system,
                                 std::uint32_t inode, std::uint64_t* room);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXT4_FOLDER_H_
