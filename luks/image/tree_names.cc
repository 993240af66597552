// SPDX-License-Identifier: Apache-2.0
#include "luks/image/tree_names.h"

#include <algorithm>

namespace tdxvfs::image {

Result<TreeNames> TreeNames::Of(TreeReader* reader, std::uint64_t path_bytes) {
  TreeNames names;
  RETURN_IF_ERROR(reader->Walk([&](const TreeVisit& visit) -> Result<void> {
    const std::uint64_t size = visit.path.size() + visit.first.size();
    if (size > path_bytes) {
      return Error(Reason::kFileInvalid,
                   "the paths of all names together are too long to compare");
    }
    path_bytes -= size;
    names.names_.push_back({names.store_.Keep(visit.path),
                            names.store_.Keep(visit.first), visit.node});
    return {};
  }));
  std::sort(names.names_.begin(), names.names_.end(),
            [](const TreeName& left, const TreeName& right) {
              return left.path < right.path;
            });
  return names;
}

}  // namespace tdxvfs::image
