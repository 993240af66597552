// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_TREE_IMAGE_H_
#define TDXVFS_LUKS_IMAGE_TREE_IMAGE_H_

#include <cstdint>
#include <functional>

#include "common/result.h"
#include "luks/image/file_system_writer.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// Called now and then with the bytes of files copied so far and in all.
using CopyProgress =
    std::function<void(std::uint64_t done, std::uint64_t total)>;

// Writes a tree of folders and files as an image. Fails with kFileUnreadable (a
// file that changed since the scan, too) and as the writer does.
Result<void> WriteTree(const SourceTree& tree, FileSystemWriter* writer,
                       const CopyProgress& progress);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_TREE_IMAGE_H_
