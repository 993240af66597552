// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SQUASHFS_SCAN_H_
#define TDXVFS_LUKS_IMAGE_SQUASHFS_SCAN_H_

#include <cstdint>
#include <vector>

#include <sqfs/compressor.h>
#include <sqfs/super.h>

#include "common/result.h"
#include "luks/image/source_tree.h"
#include "luks/image/squashfs_inode.h"
#include "luks/image/squashfs_source.h"

namespace tdxvfs::image {

// A squashfs image as a tree.
struct SquashfsScan {
  SourceTree tree;                    // in the order of OrderTree, root "/"
  std::vector<std::uint64_t> places;  // of inodes, by node
};

// Scans the whole image: at most 2^24 names of 1 GiB in all, 16 TiB of files
// and 1 GiB of attributes, and files have no more bytes of blocks than it has.
// Fails with kImageCorrupt (a name that no folder can have, or out of order; a
// folder in two places; more inodes, links or blocks than the image says or
// has), kNotSupported and as the source does.
Result<SquashfsScan> ScanSquashfs(SquashfsSource* source,
                                  sqfs_compressor_t* compressor,
                                  const sqfs_super_t& super,
                                  SquashfsInodeTable* inodes);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SQUASHFS_SCAN_H_
