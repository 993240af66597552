// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_tree.h"

#include <sys/stat.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include <ext2fs/ext2fs.h>

#include "luks/image/ext4_folder.h"
#include "luks/image/ext4_inode.h"
#include "luks/image/ext4_room.h"
#include "luks/image/tree_order.h"

namespace tdxvfs::image {
namespace {

constexpr std::string_view kLostAndFound = "lost+found";

class Ext4Scan {
 public:
  Ext4Scan(const Ext4FileSystem& file_system, std::optional<std::int64_t> epoch)
      : file_system_(file_system), epoch_(epoch), room_(file_system) {
    result_.tree.root = "/";
  }

  Result<Ext4Tree> Run() {
    RETURN_IF_ERROR(AddNode(EXT2_ROOT_INO, 0, 0).Context("'/'"));
    if (!S_ISDIR(result_.tree.nodes[0].mode)) {
      return Error(Reason::kFileInvalid, "'/' is no folder");
    }
    // A list of its own instead of recursion: depth is a stranger's to choose.
    while (!folders_.empty()) {
      const std::uint32_t folder = folders_.back();
      folders_.pop_back();
      RETURN_IF_ERROR(ReadFolder(folder));
    }
    return std::move(result_);
  }

 private:
  // Built for errors only: paths may be long.
  std::string PathOf(std::uint32_t folder, const std::string& name = {}) const {
    const auto path = result_.tree.PathOf(folder);
    return "'" + (name.empty() ? path : path / name).string() + "'";
  }

  Result<bool> IsEmptyLostAndFound(std::uint32_t folder,
                                   const Ext4Names::value_type& name) {
    if (folder != 0 || name.first != kLostAndFound) {
      return false;
    }
    Ext4Room room(file_system_);  // it is read once more when it stays
    ASSIGN_OR_RETURN(const Ext4Inode inode,
                     ReadExt4Inode(file_system_, name.second, epoch_, &room));
    if (!S_ISDIR(inode.node.mode)) {
      return false;
    }
    ASSIGN_OR_RETURN(const Ext4Names inside,
                     ReadExt4Folder(file_system_, name.second, &room));
    return inside.empty();
  }

  Result<void> ReadFolder(std::uint32_t folder) {
    auto names = ReadExt4Folder(file_system_, result_.inodes[folder], &room_);
    if (!names.has_value()) {
      return std::move(names).Context(PathOf(folder)).error();
    }
    std::vector<SourceEntry> entries;
    entries.reserve(names->size());
    for (const auto& name : *names) {
      auto added = AddName(folder, name, &entries);
      if (!added.has_value()) {
        return std::move(added).Context(PathOf(folder, name.first));
      }
    }
    result_.tree.nodes[folder].entries = std::move(entries);
    return {};
  }

  Result<void> AddName(std::uint32_t folder, const Ext4Names::value_type& name,
                       std::vector<SourceEntry>* entries) {
    ASSIGN_OR_RETURN(const bool skipped, IsEmptyLostAndFound(folder, name));
    if (skipped) {
      return {};
    }
    const auto position = static_cast<std::uint32_t>(entries->size());
    const auto known = known_.find(name.second);
    if (known != known_.end()) {
      SourceNode& node = result_.tree.nodes[known->second];
      if (S_ISDIR(node.mode)) {
        return Error(Reason::kFileInvalid,
                     "a folder that stands elsewhere too");
      }
      ++node.links;  // a hard link
      entries->push_back({result_.tree.names.Keep(name.first), known->second});
      return {};
    }
    entries->push_back({result_.tree.names.Keep(name.first),
                        static_cast<std::uint32_t>(result_.tree.nodes.size())});
    return AddNode(name.second, folder, position);
  }

  Result<void> AddNode(std::uint32_t number, std::uint32_t parent,
                       std::uint32_t position) {
    ASSIGN_OR_RETURN(Ext4Inode inode,
                     ReadExt4Inode(file_system_, number, epoch_, &room_));
    const auto id = static_cast<std::uint32_t>(result_.tree.nodes.size());
    inode.node.parent = parent;
    inode.node.position = position;
    if (S_ISLNK(inode.node.mode)) {
      result_.tree.link_targets.emplace(id, std::move(inode.link_target));
    }
    if (!inode.attributes.empty()) {
      result_.tree.attributes.emplace(id, std::move(inode.attributes));
    }
    if (S_ISDIR(inode.node.mode)) {
      folders_.push_back(id);
      if (id != 0) {
        ++result_.tree.nodes[parent].links;  // its ".."
      }
    }
    result_.tree.nodes.push_back(std::move(inode.node));
    result_.inodes.push_back(number);
    known_.emplace(number, id);
    return {};
  }

  const Ext4FileSystem& file_system_;
  std::optional<std::int64_t> epoch_;
  Ext4Room room_;
  Ext4Tree result_;
  std::vector<std::uint32_t> folders_;                      // not read yet
  std::unordered_map<std::uint32_t, std::uint32_t> known_;  // nodes by inode
};

}  // namespace

Result<Ext4Tree> ScanExt4(const Ext4FileSystem& file_system,
                          std::optional<std::int64_t> epoch) {
  ASSIGN_OR_RETURN(Ext4Tree found, Ext4Scan(file_system, epoch).Run());
  const std::vector<std::uint32_t> numbers = OrderTree(&found.tree);
  std::vector<std::uint32_t> inodes(numbers.size());
  for (std::size_t node = 0; node < numbers.size(); ++node) {
    inodes[numbers[node]] = found.inodes[node];
  }
  found.inodes = std::move(inodes);
  return found;
}

}  // namespace tdxvfs::image
