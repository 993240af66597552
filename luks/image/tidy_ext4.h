// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_TIDY_EXT4_H_
#define TDXVFS_LUKS_IMAGE_TIDY_EXT4_H_

#include <cstdint>
#include <optional>

#include "common/result.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// Makes an ext4 file system in an open file depend on what was packed alone:
// every file has one time, that of its last change or `epoch` (seconds since
// 1970), and only the attributes that volumes keep (IsKeptAttribute). mke2fs
// takes over when the source was last read, and the packing machine's labels.
// The root folder, which mke2fs makes anew, gets mode, owner and time of
// `root`. Fails with kIoError or kInternal.
Result<void> TidyExt4(int file, const SourceNode& root,
                      std::optional<std::int64_t> epoch);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_TIDY_EXT4_H_
