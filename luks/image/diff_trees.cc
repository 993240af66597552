// SPDX-License-Identifier: Apache-2.0
#include "luks/image/diff_trees.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <utility>

#include "luks/image/chunk_digest.h"

namespace tdxvfs::image {
namespace {

using Names = std::map<std::string, TreeVisit>;

Result<Names> NamesOf(TreeReader* reader, std::uint64_t path_bytes) {
  Names names;
  RETURN_IF_ERROR(reader->Walk([&](const TreeVisit& visit) -> Result<void> {
    const std::uint64_t size = visit.path.size() + visit.first.size();
    if (size > path_bytes) {
      return Error(Reason::kFileInvalid,
                   "the paths of all names together are too long to compare");
    }
    path_bytes -= size;
    // The key is the path; twice it would be too much for a million names.
    names.emplace(visit.path, TreeVisit{{}, visit.first, visit.node});
    return {};
  }));
  return names;
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
    ASSIGN_OR_RETURN(const Names before, NamesOf(first_, path_bytes_));
    ASSIGN_OR_RETURN(const Names after, NamesOf(second_, path_bytes_));
    for (const auto& [path, visit] : before) {
      const auto other = after.find(path);
      if (other != after.end() && SameSizeFiles(visit, other->second)) {
        total_ += visit.node.size;
      }
    }
    std::vector<TreeDifference> differences;
    for (const auto& [path, visit] : before) {
      const auto other = after.find(path);
      if (other == after.end()) {
        differences.push_back({TreeDifference::Kind::kRemoved, path, {}});
        continue;
      }
      ASSIGN_OR_RETURN(auto what, Compare(visit, other->second));
      if (!what.empty()) {
        differences.push_back({TreeDifference::Kind::kChanged,
                               path.empty() ? "." : path, std::move(what)});
      }
    }
    for (const auto& [path, visit] : after) {
      if (!before.contains(path)) {
        differences.push_back({TreeDifference::Kind::kAdded, path, {}});
      }
    }
    std::sort(differences.begin(), differences.end(),
              [](const TreeDifference& left, const TreeDifference& right) {
                return left.path < right.path;
              });
    return differences;
  }

 private:
  static bool SameSizeFiles(const TreeVisit& before, const TreeVisit& after) {
    return S_ISREG(before.node.mode) && S_ISREG(after.node.mode) &&
           before.first.empty() && after.first.empty() &&
           before.node.size == after.node.size;
  }

  Result<std::vector<std::string_view>> Compare(const TreeVisit& before,
                                                const TreeVisit& after) {
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

  Result<bool> SameContent(const TreeVisit& before, const TreeVisit& after) {
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
