// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SCANNED_TREE_H_
#define TDXVFS_LUKS_IMAGE_SCANNED_TREE_H_

#include <string>

#include "luks/image/tree_reader.h"

namespace tdxvfs::image {

// A file system whose reader has scanned it into a SourceTree beforehand: all
// but the contents of files. Numbers of nodes are the tree's. Walk fails only
// as its visitor does and with kNotSupported.
class ScannedTree : public TreeReader {
 public:
  Result<void> Walk(const TreeVisitor& visit) override;
  Result<SourceAttributes> Attributes(const TreeNode& node) override;
  Result<std::string> LinkTarget(const TreeNode& link) override;

 protected:
  // In the order of OrderTree, its root path "/".
  virtual const SourceTree& tree() const = 0;

 private:
  TreeNode NodeOf(std::uint32_t node) const;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SCANNED_TREE_H_
