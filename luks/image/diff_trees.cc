// SPDX-License-Identifier: Apache-2.0
#include "luks/image/diff_trees.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "luks/image/chunk_digest.h"
#include "luks/image/tree_names.h"

namespace tdxvfs::image {
namespace {

// Goes through both at once. `visit` gets what has the same path in both, or
// nothing where one of them has no such path.
template <typename Visit>
Result<void> Merge(const TreeNames& before, const TreeNames& after,
                   const Visit& visit) {
  auto mine = before.all().begin();
  auto theirs = after.all().begin();
  const auto my_end = before.all().end();
  const auto their_end = after.all().end();
  while (mine != my_end || theirs != their_end) {
    if (mine == my_end || (theirs != their_end && theirs->path < mine->path)) {
      RETURN_IF_ERROR(visit(nullptr, &*theirs++));
    } else if (theirs == their_end || mine->path < theirs->path) {
      RETURN_IF_ERROR(visit(&*mine++, nullptr));
    } else {
      RETURN_IF_ERROR(visit(&*mine++, &*theirs++));
    }
  }
  return {};
}

class Comparison {
 public:
  Comparison(TreeReader* first, TreeReader* second,
             const PieceProgress* progress, std::uint64_t path_bytes)
      : first_(first),
        second_(second),
        progress_(progress),
        path_bytes_(path_bytes) {}

  Result<std::vector<TreeDifference>> Run() {
    ASSIGN_OR_RETURN(const TreeNames before,
                     TreeNames::Of(first_, path_bytes_));
    ASSIGN_OR_RETURN(const TreeNames after,
                     TreeNames::Of(second_, path_bytes_));
    RETURN_IF_ERROR(Merge(
        before, after,
        [this](const TreeName* mine, const TreeName* theirs) -> Result<void> {
          total_ += SameSizeFiles(mine, theirs) ? mine->node.size : 0;
          return {};
        }));
    RETURN_IF_ERROR(Merge(before, after,
                          [this](const TreeName* mine, const TreeName* theirs) {
                            return Tell(mine, theirs);
                          }));
    return std::move(differences_);
  }

 private:
  static bool SameSizeFiles(const TreeName* before, const TreeName* after) {
    return before != nullptr && after != nullptr &&
           S_ISREG(before->node.mode) && S_ISREG(after->node.mode) &&
           before->first.empty() && after->first.empty() &&
           before->node.size == after->node.size;
  }

  Result<void> Tell(const TreeName* before, const TreeName* after) {
    using Kind = TreeDifference::Kind;
    if (before == nullptr) {
      Add(Kind::kAdded, after->path, {});
      return {};
    }
    if (after == nullptr) {
      Add(Kind::kRemoved, before->path, {});
      return {};
    }
    ASSIGN_OR_RETURN(auto what, Compare(*before, *after));
    if (!what.empty()) {
      Add(Kind::kChanged, before->path, std::move(what));
    }
    return {};
  }

  void Add(TreeDifference::Kind kind, std::string_view path,
           std::vector<std::string_view> what) {
    differences_.push_back(
        {kind, std::string(path.empty() ? "." : path), std::move(what)});
  }

  Result<std::vector<std::string_view>> Compare(const TreeName& before,
                                                const TreeName& after) {
    std::vector<std::string_view> what;
    const TreeNode& a = before.node;
    const TreeNode& b = after.node;
    if ((a.mode & S_IFMT) != (b.mode & S_IFMT)) {
      what.emplace_back("kind");
      return what;
    }
    ASSIGN_OR_RETURN(const bool same_content, SameContent(before, after));
    if (!same_content) {
      what.emplace_back(S_ISLNK(a.mode) ? "target" : "content");
    }
    if (a.mode != b.mode) {
      what.emplace_back("mode");
    }
    if (a.user != b.user || a.group != b.group) {
      what.emplace_back("owner");
    }
    if (a.modified != b.modified || a.modified_rest != b.modified_rest) {
      what.emplace_back("time");
    }
    ASSIGN_OR_RETURN(const SourceAttributes mine, first_->Attributes(a));
    ASSIGN_OR_RETURN(const SourceAttributes theirs, second_->Attributes(b));
    if (mine != theirs) {
      what.emplace_back("attributes");
    }
    if (before.first != after.first) {
      what.emplace_back("links");
    }
    return what;
  }

  Result<bool> SameContent(const TreeName& before, const TreeName& after) {
    if (S_ISLNK(before.node.mode)) {
      ASSIGN_OR_RETURN(const std::string mine, first_->LinkTarget(before.node));
      ASSIGN_OR_RETURN(const std::string theirs,
                       second_->LinkTarget(after.node));
      return mine == theirs;
    }
    if (!S_ISREG(before.node.mode)) {
      return true;
    }
    // A further name of a file that is compared by its first one in both.
    if (!before.first.empty() && before.first == after.first) {
      return true;
    }
    if (before.node.size != after.node.size) {
      return false;
    }
    ASSIGN_OR_RETURN(const Sha256Digest mine, Digest(first_, before.node));
    ASSIGN_OR_RETURN(const Sha256Digest theirs, Digest(second_, after.node));
    done_ += before.node.size;
    if (*progress_) {
      (*progress_)(std::min(done_, total_), total_);
    }
    return mine == theirs;
  }

  static Result<Sha256Digest> Digest(TreeReader* reader, const TreeNode& file) {
    ChunkDigest digest;
    RETURN_IF_ERROR(reader->Content(
        file,
        [&digest](std::uint64_t offset, std::span<const std::uint8_t> bytes) {
          return digest.Put(offset, bytes);
        }));
    return digest.Finish();
  }

  TreeReader* first_;
  TreeReader* second_;
  const PieceProgress* progress_;
  std::uint64_t path_bytes_;
  std::vector<TreeDifference> differences_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace

Result<std::vector<TreeDifference>> DiffTrees(TreeReader* first,
                                              TreeReader* second,
                                              const PieceProgress& progress,
                                              std::uint64_t path_bytes) {
  return Comparison(first, second, &progress, path_bytes).Run();
}

}  // namespace tdxvfs::image
