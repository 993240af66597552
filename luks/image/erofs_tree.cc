// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_tree.h"

#include "luks/image/erofs_walk.h"

namespace tdxvfs::image {

Result<std::unique_ptr<TreeReader>> ErofsTree::Open(BlockSource* source) {
  ASSIGN_OR_RETURN(ErofsReader reader, ErofsReader::Open(source));
  return std::unique_ptr<TreeReader>(new ErofsTree(std::move(reader)));
}

Result<void> ErofsTree::Walk(const TreeVisitor& visit) {
  return WalkErofs(&reader_, [&visit](const ErofsVisit& found) {
    return visit({found.path,
                  found.first,
                  {.number = found.node.number,
                   .mode = found.node.mode,
                   .user = found.node.user,
                   .group = found.node.group,
                   .modified = found.node.modified,
                   .modified_rest = found.node.modified_rest,
                   .size = found.node.size}});
  });
}

Result<SourceAttributes> ErofsTree::Attributes(const TreeNode& node) {
  ASSIGN_OR_RETURN(const ErofsNode inode, reader_.Node(node.number));
  return reader_.Attributes(inode);
}

Result<std::string> ErofsTree::LinkTarget(const TreeNode& link) {
  ASSIGN_OR_RETURN(const ErofsNode inode, reader_.Node(link.number));
  return reader_.LinkTarget(inode);
}

Result<void> ErofsTree::Content(const TreeNode& file, const ContentSink& sink) {
  ASSIGN_OR_RETURN(const ErofsNode inode, reader_.Node(file.number));
  return reader_.Content(inode, sink);
}

}  // namespace tdxvfs::image
