// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXT4_CONTENT_H_
#define TDXVFS_LUKS_IMAGE_EXT4_CONTENT_H_

#include <cstdint>

#include "common/result.h"
#include "luks/image/content_sink.h"
#include "luks/image/ext4_file_system.h"

namespace tdxvfs::image {

// Hands the content of a file, or the target of a link, to `sink` in ascending
// order; what is left out is zeroes. `size`: bytes, as the inode says. Blocks
// that were allocated and never written are zeroes whatever lies there. Fails
// with kFileInvalid, as the source and as the sink does.
Result<void> ReadExt4Content(const Ext4FileSystem& file_system,
                             std::uint32_t inode, std::uint64_t size,
                             const ContentSink& sink);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXT4_CONTENT_H_
