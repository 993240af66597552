// SPDX-License-Identifier: Apache-2.0
#include "luks/image/tar_tree.h"

#include <sys/stat.h>

#include <functional>
#include <limits>
#include <utility>

namespace tdxvfs::image {
namespace {

constexpr mode_t kImpliedMode = S_IFDIR | 0755;

Error Refused(std::string_view name, std::string_view why) {
  return {Reason::kFileInvalid,
          "tar member '" + std::string(name) + "' " + std::string(why)};
}

// The parts of a name; none for the root.
Result<std::vector<std::string_view>> PartsOf(std::string_view name) {
  if (name.empty() || name.front() == '/') {
    return Refused(name, name.empty() ? "has no name" : "has an absolute name");
  }
  if (name.find('\0') != std::string_view::npos) {
    return Refused(name, "has a zero byte in its name");
  }
  std::vector<std::string_view> parts;
  std::string_view rest = name;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (part == "..") {
      return Refused(name, "has '..' in its name");
    }
    if (part.size() > kMaxName) {
      return Refused(name, "has a part of more than 255 bytes in its name");
    }
    if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  return parts;
}

std::uint64_t HashOf(std::uint32_t folder, std::string_view name) {
  constexpr std::uint64_t spread = 0x9e3779b97f4a7c15;
  return std::hash<std::string_view>()(name) ^ (folder * spread);
}

}  // namespace

TarTree::TarTree(std::optional<std::int64_t> epoch) : epoch_(epoch) {
  SourceNode root;
  root.mode = kImpliedMode;
  root.links = 2;
  root.modified = epoch_.value_or(0);
  tree_.root = "/";
  tree_.nodes.push_back(std::move(root));
  implied_.push_back(true);
}

std::optional<std::uint32_t> TarTree::Find(std::uint32_t folder,
                                           std::string_view name) const {
  const auto [first, last] = places_.equal_range(HashOf(folder, name));
  for (auto at = first; at != last; ++at) {
    const Place& place = at->second;
    if (place.folder == folder) {
      const SourceEntry& entry = tree_.nodes[folder].entries[place.position];
      if (entry.name == name) {
        return entry.node;
      }
    }
  }
  return std::nullopt;
}

Result<void> TarTree::Enter(std::uint32_t folder, std::string_view name,
                            std::uint32_t node) {
  auto& entries = tree_.nodes[folder].entries;
  const auto position = static_cast<std::uint32_t>(entries.size());
  places_.emplace(HashOf(folder, name), Place{folder, position});
  entries.push_back({tree_.names.Keep(name), node});
  if (S_ISDIR(tree_.nodes[node].mode)) {
    ++tree_.nodes[folder].links;
  }
  return {};
}

Result<std::uint32_t> TarTree::NewNode(SourceNode node) {
  if (tree_.nodes.size() == std::numeric_limits<std::uint32_t>::max()) {
    return Error(Reason::kFileInvalid, "tar stream of more than 2^32 members");
  }
  const auto number = static_cast<std::uint32_t>(tree_.nodes.size());
  node.links = S_ISDIR(node.mode) ? 2 : 1;
  tree_.nodes.push_back(std::move(node));
  implied_.push_back(false);
  return number;
}

// Goes along with the last member's folders as far as they are the same.
std::uint32_t TarTree::FollowTrail(const std::vector<std::string_view>& parts) {
  std::size_t same = 0;
  while (same < trail_.size() && same + 1 < parts.size() &&
         trail_[same].name == parts[same]) {
    ++same;
  }
  trail_.erase(trail_.begin() + static_cast<std::ptrdiff_t>(same),
               trail_.end());
  return trail_.empty() ? 0 : trail_.back().node;
}

// The folder that holds the last part, with every folder above it.
Result<std::uint32_t> TarTree::FolderOf(
    const std::vector<std::string_view>& parts, std::string_view name) {
  std::uint32_t folder = FollowTrail(parts);
  for (std::size_t i = trail_.size(); i + 1 < parts.size(); ++i) {
    const auto known = Find(folder, parts[i]);
    if (known.has_value()) {
      if (!S_ISDIR(tree_.nodes[*known].mode)) {
        return Refused(name, "lies beneath what is no folder");
      }
      folder = *known;
      trail_.push_back({std::string(parts[i]), folder});
      continue;
    }
    SourceNode implied;
    implied.mode = kImpliedMode;
    implied.modified = epoch_.value_or(0);
    implied.parent = folder;
    ASSIGN_OR_RETURN(const std::uint32_t made, NewNode(std::move(implied)));
    implied_[made] = true;
    RETURN_IF_ERROR(Enter(folder, parts[i], made));
    folder = made;
    trail_.push_back({std::string(parts[i]), folder});
  }
  return folder;
}

// A folder that was only implied so far, or the root, is described now.
Result<std::uint32_t> TarTree::Describe(std::uint32_t folder,
                                        std::string_view name,
                                        const SourceNode& node) {
  if (!S_ISDIR(node.mode)) {
    return Refused(
        name, folder == 0 ? "is the root, but no folder" : "is there twice");
  }
  if (!implied_[folder]) {
    return Refused(name, "is there twice");
  }
  implied_[folder] = false;
  SourceNode& known = tree_.nodes[folder];
  known.mode = node.mode;
  known.user = node.user;
  known.group = node.group;
  known.modified = node.modified;
  known.modified_rest = node.modified_rest;
  return folder;
}

Result<std::uint32_t> TarTree::Add(std::string_view name, SourceNode node) {
  ASSIGN_OR_RETURN(const auto parts, PartsOf(name));
  if (parts.empty()) {
    return Describe(0, name, node);
  }
  ASSIGN_OR_RETURN(const std::uint32_t folder, FolderOf(parts, name));
  if (const auto known = Find(folder, parts.back())) {
    return Describe(*known, name, node);
  }
  node.parent = folder;
  ASSIGN_OR_RETURN(const std::uint32_t number, NewNode(std::move(node)));
  RETURN_IF_ERROR(Enter(folder, parts.back(), number));
  return number;
}

Result<void> TarTree::Link(std::string_view name, std::string_view target) {
  ASSIGN_OR_RETURN(const auto target_parts, PartsOf(target));
  std::optional<std::uint32_t> node = 0;
  for (const std::string_view part : target_parts) {
    node = Find(*node, part);
    if (!node.has_value()) {
      return Refused(name, "is a hard link to '" + std::string(target) +
                               "', which did not come before it");
    }
  }
  if (S_ISDIR(tree_.nodes[*node].mode)) {
    return Refused(name, "is a hard link to a folder");
  }
  ASSIGN_OR_RETURN(const auto parts, PartsOf(name));
  if (parts.empty()) {
    return Refused(name, "is the root, but no folder");
  }
  ASSIGN_OR_RETURN(const std::uint32_t folder, FolderOf(parts, name));
  if (Find(folder, parts.back()).has_value()) {
    return Refused(name, "is there twice");
  }
  ++tree_.nodes[*node].links;
  return Enter(folder, parts.back(), *node);
}

}  // namespace tdxvfs::image
