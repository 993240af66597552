// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_TAR_TREE_H_
#define TDXVFS_LUKS_IMAGE_TAR_TREE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/result.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// Collects the members of a tar stream, in the order in which they come, into
// a tree. Folders that no member describes are made, of mode 0755, root's and
// as old as the epoch, so that the result depends on the stream alone.
class TarTree {
 public:
  // `epoch`: the time of every member, when set.
  explicit TarTree(std::optional<std::int64_t> epoch);

  // Adds a member and returns its node. `name` is as it stands in the stream;
  // "." and "./" are the root itself. Fails with kFileInvalid, naming the
  // member: an absolute name, one with "..", an empty one, one with a zero
  // byte or a part above 255 bytes, one that was there before, and one beneath
  // what is no folder.
  Result<std::uint32_t> Add(std::string_view name, SourceNode node);
  // Gives the file `target` (a name as above) one more name. Fails with
  // kFileInvalid, also when the target is not there or is a folder.
  Result<void> Link(std::string_view name, std::string_view target);

  SourceTree& tree() { return tree_; }
  std::optional<std::int64_t> epoch() const { return epoch_; }

 private:
  // An entry's place: entries[position] of a folder.
  struct Place {
    std::uint32_t folder = 0;
    std::uint32_t position = 0;
  };
  // A folder on the way to a member.
  struct Step {
    std::string name;
    std::uint32_t node = 0;
  };
  std::optional<std::uint32_t> Find(std::uint32_t folder,
                                    std::string_view name) const;
  Result<void> Enter(std::uint32_t folder, std::string_view name,
                     std::uint32_t node);
  Result<std::uint32_t> NewNode(SourceNode node);
  std::uint32_t FollowTrail(const std::vector<std::string_view>& parts);
  Result<std::uint32_t> FolderOf(const std::vector<std::string_view>& parts,
                                 std::string_view name);
  Result<std::uint32_t> Describe(std::uint32_t folder, std::string_view name,
                                 const SourceNode& node);

  std::optional<std::int64_t> epoch_;
  SourceTree tree_;
  // By the hash of folder and name: one table for all folders, since there may
  // be a million of either.
  std::unordered_multimap<std::uint64_t, Place> places_;
  // The folders above the last member. Its neighbours in the stream lie there,
  // too: looking up each folder of each name again would make a tree of
  // thousands of nested ones slow.
  std::vector<Step> trail_;
  std::vector<bool> implied_;  // by node: a folder that no member described
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_TAR_TREE_H_
