// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EROFS_TREE_H_
#define TDXVFS_LUKS_IMAGE_EROFS_TREE_H_

#include <memory>
#include <utility>

#include "luks/image/erofs_reader.h"
#include "luks/image/tree_reader.h"

namespace tdxvfs::image {

// An erofs image as a tree, by ErofsReader and WalkErofs.
class ErofsTree : public TreeReader {
 public:
  // Fails as ErofsReader::Open does. The source must outlive it.
  static Result<std::unique_ptr<TreeReader>> Open(BlockSource* source);

  std::uint64_t size() const override { return reader_.size(); }
  Result<void> Walk(const TreeVisitor& visit) override;
  Result<SourceAttributes> Attributes(const TreeNode& node) override;
  Result<std::string> LinkTarget(const TreeNode& link) override;
  Result<void> Content(const TreeNode& file, const ContentSink& sink) override;

 private:
  explicit ErofsTree(ErofsReader reader) : reader_(std::move(reader)) {}
  ErofsReader reader_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EROFS_TREE_H_
