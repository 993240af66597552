// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_walk.h"

#include <limits.h>
#include <sys/stat.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

namespace tdxvfs::image {
namespace {

Error DamagedEntry(const std::string& path, std::string_view what) {
  return {Reason::kImageCorrupt, "erofs: '" + path + "' " + std::string(what)};
}

class ErofsWalk {
 public:
  using Visitor = std::function<Result<void>(const ErofsVisit&)>;
  ErofsWalk(ErofsReader* reader, const Visitor* visit)
      : reader_(reader), visit_(visit) {}

  Result<void> Run() {
    ASSIGN_OR_RETURN(const ErofsNode root, reader_->Node(reader_->root()));
    if (!S_ISDIR(root.mode)) {
      return Error(Reason::kImageCorrupt, "erofs: the root is no folder");
    }
    seen_.insert(root.number);
    RETURN_IF_ERROR((*visit_)({"", "", root}));
    pending_.push_back({"", root, root.number});
    while (!pending_.empty()) {
      const Folder folder = std::move(pending_.back());
      pending_.pop_back();
      RETURN_IF_ERROR(Enter(folder));
    }
    return {};
  }

 private:
  struct Folder {
    std::string path;
    ErofsNode node;
    std::uint64_t parent;
  };

  Result<void> Enter(const Folder& folder) {
    return reader_->List(
        folder.node, folder.parent,
        [this, &folder](const ErofsName& name) { return Name(folder, name); });
  }

  Result<void> Name(const Folder& folder, const ErofsName& name) {
    std::string path =
        folder.path.empty() ? name.name : folder.path + "/" + name.name;
    if (path.size() >= PATH_MAX) {
      return Error(Reason::kNotSupported,
                   "a path of " + std::to_string(path.size()) +
                       " bytes is too long for this system");
    }
    ASSIGN_OR_RETURN(const ErofsNode node, reader_->Node(name.inode));
    if (ErofsFileType(node.mode) != name.type) {
      return DamagedEntry(path, "is of another kind than its inode");
    }
    ErofsVisit visit{std::move(path), {}, node};
    const std::uint64_t number = visit.node.number;
    const bool is_new = seen_.insert(number).second;
    if (seen_.size() > reader_->inodes()) {
      return DamagedEntry(visit.path,
                          "is one inode more than the superblock says");
    }
    if (!is_new && S_ISDIR(visit.node.mode)) {
      return DamagedEntry(visit.path, "is a folder that stands elsewhere too");
    }
    if (!is_new) {
      const auto first = first_names_.find(number);
      if (first == first_names_.end()) {
        return DamagedEntry(visit.path, "is one link more than its inode says");
      }
      visit.first = first->second;
    } else if (visit.node.links > 1 && !S_ISDIR(visit.node.mode)) {
      first_names_.emplace(number, visit.path);
    }
    RETURN_IF_ERROR((*visit_)(visit));
    if (S_ISDIR(visit.node.mode)) {
      pending_.push_back(
          {std::move(visit.path), visit.node, folder.node.number});
    }
    return {};
  }

  ErofsReader* reader_;
  const Visitor* visit_;
  std::vector<Folder> pending_;
  std::set<std::uint64_t> seen_;
  std::map<std::uint64_t, std::string> first_names_;
};

}  // namespace

Result<void> WalkErofs(
    ErofsReader* reader,
    const std::function<Result<void>(const ErofsVisit&)>& visit) {
  return ErofsWalk(reader, &visit).Run();
}

}  // namespace tdxvfs::image
