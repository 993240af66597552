// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXT4_CONTENT_H_
#define TDXVFS_LUKS_IMAGE_EXT4_CONTENT_H_

#include <cstdint>
#include <functional>
#include <span>

#include "common/result.h"
#include "luks/image/ext4_file_system.h"

namespace tdxvfs::image {

using Ext4Sink = std::function<Result<void>(
    std::uint64_t offset, std::span<const std::uint8_t> bytes)>;

// Hands the content of a file, or the target of a link, to `sink` in ascending
// order; what is left out is zeroes. `size`: bytes, as the inode says. Blocks
// that were allocated and never written are zeroes whatever lies there. Fails
// with kFileInvalid, as the source and as the sink does.
Result<void> ReadExt4Content(const Ext4FileSystem& file_system,
                             std::uint32_t inode, std::uint64_t size,
                             const Ext4Sink& sink);

// Whether the extents of a file or folder, if it has any, come to an end: a
// host can make them name the same blocks again and again. Fails as above.
Result<void> CheckExt4Extents(const Ext4FileSystem& file_system,
                              std::uint32_t inode);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXT4_CONTENT_H_
