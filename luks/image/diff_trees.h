// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_DIFF_TREES_H_
#define TDXVFS_LUKS_IMAGE_DIFF_TREES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "luks/image/parallel_pieces.h"
#include "luks/image/tree_reader.h"

namespace tdxvfs::image {

// A name that two file systems do not have alike.
struct TreeDifference {
  enum class Kind : std::uint8_t { kAdded, kRemoved, kChanged };
  Kind kind = Kind::kChanged;
  std::string path;  // relative to the root; "." is the root itself
  // Of kChanged, what differs: "kind", "content", "target", "mode", "owner",
  // "time", "attributes" or "links" (the names that share the inode).
  std::vector<std::string_view> what;
};

// What the paths of one tree may have in all: those below deep folders repeat
// the folders' names, so a small image can have very many bytes of them.
constexpr std::uint64_t kMaxPathBytes = std::uint64_t{1} << 30U;

// Compares two trees, second against first, in byte order of the paths. Reads
// the content of files of one size in both. `progress` gets bytes compared, of
// those to compare. Fails with kFileInvalid (paths of more than `path_bytes` in
// one of them) and as the readers do.
Result<std::vector<TreeDifference>> DiffTrees(
    TreeReader* first, TreeReader* second, const PieceProgress& progress,
    std::uint64_t path_bytes = kMaxPathBytes);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_DIFF_TREES_H_
