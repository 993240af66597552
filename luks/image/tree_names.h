// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_TREE_NAMES_H_
#define TDXVFS_LUKS_IMAGE_TREE_NAMES_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "luks/image/name_store.h"
#include "luks/image/tree_reader.h"

namespace tdxvfs::image {

// A TreeVisit that is kept: its paths are in the store of the TreeNames.
struct TreeName {
  std::string_view path;
  std::string_view first;
  TreeNode node;
};

// Every name of a tree in byte order of the paths, the root first. A name takes
// about 80 bytes and the letters of its path. Move-only.
class TreeNames {
 public:
  // Fails with kFileInvalid (paths of more than `path_bytes` in all) and as
  // TreeReader::Walk does.
  static Result<TreeNames> Of(TreeReader* reader, std::uint64_t path_bytes);

  const std::vector<TreeName>& all() const { return names_; }

 private:
  TreeNames() = default;
  NameStore store_;
  std::vector<TreeName> names_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_TREE_NAMES_H_
