// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXTRACT_TREE_H_
#define TDXVFS_LUKS_IMAGE_EXTRACT_TREE_H_

#include <cstdint>
#include <filesystem>
#include <functional>

#include "common/result.h"
#include "luks/image/parallel_pieces.h"
#include "luks/image/tree_reader.h"

namespace tdxvfs::image {

struct Extraction {
  std::uint64_t names = 0;  // files, folders, links; the root not counted
  std::uint64_t bytes = 0;  // of file contents, holes left out
  // Extended attributes that the target's file system does not take, or that
  // name users whom this user namespace does not know.
  std::uint64_t attributes_lost = 0;
  // Names whose owner root could not restore, as in a container.
  std::uint64_t owners_lost = 0;
};

// Recreates the tree of a file system as a new folder. Everything is made below
// a temporary folder beside it, whose name begins with '.', and gets its name
// when it is complete; after a failure nothing is left. No symbolic link is
// ever followed. Root also restores owners; others get their own, without
// set-user-ID and set-group-ID. Holes stay holes.
//
// `progress` gets bytes written, of the bytes of the file system. `stop` is
// asked now and then whether to give up. Fails with kAlreadyExists (the
// folder), kNoSpace, kPermission, kFileNotFound (its parent), kStopped and as
// the reader does.
Result<Extraction> ExtractTree(TreeReader* reader,
                               const std::filesystem::path& target,
                               const PieceProgress& progress,
                               const std::function<bool()>& stop = nullptr);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXTRACT_TREE_H_
