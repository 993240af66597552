// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EROFS_WALK_H_
#define TDXVFS_LUKS_IMAGE_EROFS_WALK_H_

#include <functional>
#include <string>

#include "common/result.h"
#include "luks/image/erofs_reader.h"

namespace tdxvfs::image {

// One name in the tree. `path` is relative to the root, without a leading
// slash: "" is the root itself. `first` is the path of the same inode's first
// name when this one is a further hard link, else empty.
struct ErofsVisit {
  std::string path;
  std::string first;
  ErofsNode node;
};

// Visits every name, a folder before what is in it, in an order that depends
// on the image alone. Fails as the reader and the visitor do, and with
// kImageCorrupt: a folder in two places or inside itself, an entry whose kind
// is not its inode's, more inodes than the superblock says; with kNotSupported:
// a path too long for this system.
Result<void> WalkErofs(
    ErofsReader* reader,
    const std::function<Result<void>(const ErofsVisit&)>& visit);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EROFS_WALK_H_
