// SPDX-License-Identifier: Apache-2.0
#include "luks/image/scanned_tree.h"

#include <limits.h>
#include <sys/stat.h>

#include <unordered_map>
#include <utility>
#include <vector>

namespace tdxvfs::image {
namespace {

using FirstNames = std::unordered_map<std::uint32_t, std::string>;

struct Folder {
  std::uint32_t node = 0;
  std::string path;
};

}  // namespace

TreeNode ScannedTree::NodeOf(std::uint32_t node) const {
  const SourceNode& found = tree().nodes[node];
  return {.number = node,
          .mode = found.mode,
          .user = found.user,
          .group = found.group,
          .modified = found.modified,
          .modified_rest = found.modified_rest,
          .size = found.size};
}

// In the order of WalkErofs, so that hard links have the same first names
// whatever the file system. A list of its own instead of recursion: depth is a
// stranger's to choose.
Result<void> ScannedTree::Walk(const TreeVisitor& visit) {
  RETURN_IF_ERROR(visit({"", "", NodeOf(0)}));
  FirstNames first_names;
  std::vector<Folder> pending{{0, ""}};
  while (!pending.empty()) {
    const Folder folder = std::move(pending.back());
    pending.pop_back();
    for (const SourceEntry& entry : tree().nodes[folder.node].entries) {
      std::string path = folder.path;
      path.append(path.empty() ? "" : "/").append(entry.name);
      if (path.size() >= PATH_MAX) {
        return Error(Reason::kNotSupported,
                     "a path of " + std::to_string(path.size()) +
                         " bytes is too long for this system");
      }
      const SourceNode& node = tree().nodes[entry.node];
      const bool is_folder = S_ISDIR(node.mode);
      std::string first;
      if (!is_folder && node.links > 1) {
        const auto [known, is_new] = first_names.emplace(entry.node, path);
        first = is_new ? "" : known->second;
      }
      RETURN_IF_ERROR(visit({path, std::move(first), NodeOf(entry.node)}));
      if (is_folder) {
        pending.push_back({entry.node, std::move(path)});
      }
    }
  }
  return {};
}

Result<SourceAttributes> ScannedTree::Attributes(const TreeNode& node) {
  const auto found =
      tree().attributes.find(static_cast<std::uint32_t>(node.number));
  return found == tree().attributes.end() ? SourceAttributes() : found->second;
}

Result<std::string> ScannedTree::LinkTarget(const TreeNode& link) {
  return tree().link_targets.at(static_cast<std::uint32_t>(link.number));
}

}  // namespace tdxvfs::image
