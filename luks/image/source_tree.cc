// SPDX-License-Identifier: Apache-2.0
#include "luks/image/source_tree.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

#include "luks/image/open_folder.h"
#include "luks/image/source_attributes.h"
#include "luks/image/source_date.h"
#include "luks/image/tree_order.h"

namespace tdxvfs::image {
namespace {

namespace fs = std::filesystem;

Error Unreadable(const fs::path& path, int error_number) {
  const bool missing = error_number == ENOENT || error_number == ENOTDIR;
  return SystemError(missing ? Reason::kFileNotFound : Reason::kFileUnreadable,
                     "source '" + path.string() + "'", error_number);
}

Error CannotHold(const fs::path& path, std::string_view what) {
  return {Reason::kFileInvalid, "source '" + path.string() + "' is " +
                                    std::string(what) +
                                    ", which no volume holds"};
}

Result<void> CheckSourceKind(const fs::path& path, mode_t mode) {
  if (S_ISBLK(mode) || S_ISCHR(mode)) {
    return CannotHold(path, "a device");
  }
  if (S_ISSOCK(mode)) {
    return CannotHold(path, "a socket");
  }
  return {};
}

Result<std::vector<std::string_view>> NamesIn(const fs::path& path,
                                              NameStore* store) {
  const FolderPtr folder(::opendir(path.c_str()));
  if (folder == nullptr) {
    return Unreadable(path, errno);
  }
  std::vector<std::string_view> names;
  errno = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is ours alone
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.push_back(store->Keep(name));
    }
  }
  if (errno != 0) {
    return Unreadable(path, errno);
  }
  std::sort(names.begin(), names.end());
  return names;
}

class SourceScan {
 public:
  SourceScan(SourceTree* tree, std::optional<std::int64_t> epoch)
      : tree_(tree), epoch_(epoch) {}

  Result<void> Run() {
    ASSIGN_OR_RETURN(const std::uint32_t root, Node(tree_->root, 0, 0));
    if (!S_ISDIR(tree_->nodes[root].mode)) {
      return SystemError(Reason::kFileInvalid,
                         "source '" + tree_->root.string() + "'", ENOTDIR);
    }
    // A list of its own instead of recursion: depth is the source's to choose.
    while (!folders_.empty()) {
      const std::uint32_t folder = folders_.back();
      folders_.pop_back();
      RETURN_IF_ERROR(ReadFolder(folder));
    }
    return {};
  }

 private:
  Result<void> ReadFolder(std::uint32_t folder) {
    const fs::path path = tree_->PathOf(folder);
    ASSIGN_OR_RETURN(const std::vector<std::string_view> names,
                     NamesIn(path, &tree_->names));
    std::vector<SourceEntry> entries;
    entries.reserve(names.size());
    for (const std::string_view name : names) {
      const auto position = static_cast<std::uint32_t>(entries.size());
      ASSIGN_OR_RETURN(const std::uint32_t node,
                       Node(path / name, folder, position));
      if (S_ISDIR(tree_->nodes[node].mode)) {
        ++tree_->nodes[folder].links;
      }
      entries.push_back({name, node});
    }
    tree_->nodes[folder].entries = std::move(entries);
    return {};
  }

  // The node of a path: a new one, or that of its earlier hard link.
  Result<std::uint32_t> Node(const fs::path& path, std::uint32_t parent,
                             std::uint32_t position) {
    struct stat status {};
    // The root alone may be reached through a link.
    const bool is_root = tree_->nodes.empty();
    if ((is_root ? ::stat(path.c_str(), &status)
                 : ::lstat(path.c_str(), &status)) != 0) {
      return Unreadable(path, errno);
    }
    RETURN_IF_ERROR(CheckSourceKind(path, status.st_mode));
    if (tree_->nodes.size() == std::numeric_limits<std::uint32_t>::max()) {
      return CannotHold(tree_->root, "a tree of more than 2^32 files");
    }
    const auto number = static_cast<std::uint32_t>(tree_->nodes.size());
    if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
      const auto [known, is_new] =
          hard_links_.emplace(std::pair(status.st_dev, status.st_ino), number);
      if (!is_new) {
        ++tree_->nodes[known->second].links;
        return known->second;
      }
    }
    RETURN_IF_ERROR(AddNode(path, status, parent, position));
    if (S_ISDIR(status.st_mode)) {
      folders_.push_back(number);
    }
    return number;
  }

  Result<void> AddNode(const fs::path& path, const struct stat& status,
                       std::uint32_t parent, std::uint32_t position) {
    const auto number = static_cast<std::uint32_t>(tree_->nodes.size());
    SourceNode node;
    node.mode = status.st_mode;
    node.user = status.st_uid;
    node.group = status.st_gid;
    node.links = S_ISDIR(status.st_mode) ? 2 : 1;  // its name and its "."
    node.modified = epoch_.value_or(status.st_mtim.tv_sec);
    node.modified_rest =
        epoch_.has_value() ? 0
                           : static_cast<std::uint32_t>(status.st_mtim.tv_nsec);
    node.stamp = S_ISDIR(status.st_mode) ? 0 : StampOf(status);
    node.parent = parent;
    node.position = position;
    if (S_ISLNK(status.st_mode)) {
      std::error_code problem;
      const std::string target = fs::read_symlink(path, problem).string();
      if (problem) {
        return Unreadable(path, problem.value());
      }
      node.size = target.size();
      tree_->link_targets.emplace(number, target);
    } else if (S_ISREG(status.st_mode)) {
      node.size = static_cast<std::uint64_t>(status.st_size);
    }
    ASSIGN_OR_RETURN(SourceAttributes attributes, ReadAttributes(path));
    if (!attributes.empty()) {
      tree_->attributes.emplace(number, std::move(attributes));
    }
    tree_->nodes.push_back(std::move(node));
    return {};
  }

  SourceTree* tree_;
  std::optional<std::int64_t> epoch_;
  std::vector<std::uint32_t> folders_;  // not read yet
  std::map<std::pair<dev_t, ino_t>, std::uint32_t> hard_links_;
};

}  // namespace

fs::path SourceTree::PathOf(std::uint32_t node) const {
  std::vector<std::string_view> parts;
  for (std::uint32_t at = node; at != 0; at = nodes[at].parent) {
    parts.push_back(nodes[nodes[at].parent].entries[nodes[at].position].name);
  }
  std::reverse(parts.begin(), parts.end());
  fs::path path = root;
  for (const std::string_view name : parts) {
    path /= name;
  }
  return path;
}

std::uint32_t StampOf(const struct stat& status) {
  constexpr std::uint64_t spread = 0x9e3779b97f4a7c15;
  std::uint64_t stamp = 0;
  for (const timespec& time : {status.st_mtim, status.st_ctim}) {
    for (const auto part : {time.tv_sec, time.tv_nsec}) {
      stamp = (stamp ^ static_cast<std::uint64_t>(part)) * spread;
      stamp ^= stamp >> 32U;
    }
  }
  return static_cast<std::uint32_t>(stamp);
}

Result<SourceTree> ScanSource(const fs::path& root) {
  ASSIGN_OR_RETURN(const std::optional<std::int64_t> epoch, SourceDateEpoch());
  SourceTree tree;
  tree.root = root;
  RETURN_IF_ERROR(SourceScan(&tree, epoch).Run());
  (void)OrderTree(&tree);
  return tree;
}

}  // namespace tdxvfs::image
