// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXT4_ATTRIBUTES_H_
#define TDXVFS_LUKS_IMAGE_EXT4_ATTRIBUTES_H_

#include <cstdint>

#include "common/result.h"
#include "luks/image/ext4_file_system.h"
#include "luks/image/ext4_room.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// The extended attributes of an inode that a volume keeps, in the kernel's
// form; all that it has are taken from `room`. Fails with kFileInvalid (damage,
// an attribute above 64 KiB, no room) and as the source does.
Result<SourceAttributes> ReadExt4Attributes(const Ext4FileSystem& file_system,
                                            std::uint32_t number,
                                            Ext4Room* room);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXT4_ATTRIBUTES_H_
