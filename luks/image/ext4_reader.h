// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXT4_READER_H_
#define TDXVFS_LUKS_IMAGE_EXT4_READER_H_

#include <memory>
#include <utility>

#include "luks/image/ext4_tree.h"
#include "luks/image/scanned_tree.h"

namespace tdxvfs::image {

// An ext2, ext3 or ext4 file system as a tree, with the times that it has. An
// empty /lost+found, which mke2fs makes, is left out.
class Ext4Reader : public ScannedTree {
 public:
  // Scans it. Fails as Ext4FileSystem::Open and ScanExt4 do. The source must
  // outlive it.
  static Result<std::unique_ptr<TreeReader>> Open(ByteSource* source);

  std::uint64_t size() const override { return file_system_.size(); }
  Result<void> Content(const TreeNode& file, const ContentSink& sink) override;

 protected:
  const SourceTree& tree() const override { return found_.tree; }

 private:
  Ext4Reader(Ext4FileSystem file_system, Ext4Tree found)
      : file_system_(std::move(file_system)), found_(std::move(found)) {}
  Ext4FileSystem file_system_;
  Ext4Tree found_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXT4_READER_H_
