// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXT4_BLOCKS_H_
#define TDXVFS_LUKS_IMAGE_EXT4_BLOCKS_H_

#include <cstdint>
#include <functional>

#include "common/result.h"
#include "luks/image/ext4_file_system.h"

namespace tdxvfs::image {

// Consecutive blocks of a file in consecutive blocks of the file system, all
// inside it.
struct Ext4Run {
  enum class Kind : std::uint8_t {
    kWritten,
    kUnwritten,  // allocated only: zeroes, whatever lies there
    kMap,        // no content: says where content is
  };
  Kind kind = Kind::kWritten;
  std::uint64_t in_file = 0;  // first block within the file; not of kMap
  std::uint64_t on_disk = 0;  // first block
  std::uint64_t blocks = 0;   // at least one
};
using Ext4RunSink = std::function<Result<void>(const Ext4Run&)>;

// Whether the content of an inode lies in blocks at all, and not inside it.
// Fails as Ext4FileSystem::Failure says.
Result<bool> HasExt4Blocks(const Ext4FileSystem& file_system,
                           std::uint32_t inode);

// Calls with every run of an inode that has blocks, in ascending order of
// in_file. Fails with kFileInvalid (overlapping or outside the file system,
// more than it has room for), as the source and as the sink does.
Result<void> WalkExt4Blocks(const Ext4FileSystem& file_system,
                            std::uint32_t inode, const Ext4RunSink& sink);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXT4_BLOCKS_H_
