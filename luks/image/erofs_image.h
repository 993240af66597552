// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EROFS_IMAGE_H_
#define TDXVFS_LUKS_IMAGE_EROFS_IMAGE_H_

#include <cstdint>
#include <functional>

#include "common/result.h"
#include "luks/image/block_writer.h"
#include "luks/image/erofs_metadata.h"
#include "luks/image/image_sink.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// Called now and then with the bytes of files copied so far and in all.
using CopyProgress =
    std::function<void(std::uint64_t done, std::uint64_t total)>;

// Writes a tree as an erofs image in one pass: contents of files, directories
// and inodes, and at last the first block. The image depends on nothing but
// the tree: the same names, bytes, modes, owners, times and attributes give
// the same image; its UUID is zero. Memory grows with the number of files and
// of holes, not with their size.
//
// Returns the size in bytes, a multiple of 4096. Fails with kFileUnreadable (a
// file that changed meanwhile, too), kFileInvalid, kNotSupported (above 16
// TiB) and as the sink does.
Result<std::uint64_t> WriteErofs(const SourceTree& tree, ImageSink* sink,
                                 const CopyProgress& progress);

// The end of every image: the chunk of zeroes that holes share, the metadata
// and the first block. `files`: where the contents of the tree's files went.
Result<void> FinishErofs(const SourceTree& tree, StoredFiles* files,
                         BlockWriter* writer, ImageSink* sink);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EROFS_IMAGE_H_
