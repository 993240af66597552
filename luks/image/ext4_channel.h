// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXT4_CHANNEL_H_
#define TDXVFS_LUKS_IMAGE_EXT4_CHANNEL_H_

#include <string>

#include "luks/image/ext4_file_system.h"

namespace tdxvfs::image {

// Opens a file system with libext2fs over a channel that reads from
// `channel->source`, keeps its error there and refuses to write. Returns the
// library's code; 0: `opened` is the caller's, to be freed by ext2fs_free.
long OpenThrough(Ext4Channel* channel, struct_ext2_filsys** opened);

// The library's words for one of its codes, or for a system error.
std::string Ext4Words(long code);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXT4_CHANNEL_H_
