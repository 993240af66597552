// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SQUASHFS_READER_H_
#define TDXVFS_LUKS_IMAGE_SQUASHFS_READER_H_

#include <memory>
#include <optional>

#include <sqfs/compressor.h>
#include <sqfs/super.h>

#include "luks/image/scanned_tree.h"
#include "luks/image/squashfs_file.h"
#include "luks/image/squashfs_inode.h"
#include "luks/image/squashfs_scan.h"
#include "luks/image/squashfs_source.h"

namespace tdxvfs::image {

// A squashfs image as a tree: those that SquashfsWriter makes (zstd, no
// fragments; files have no more bytes of blocks in all than the image has).
// Contents are decompressed block by block.
class SquashfsReader : public ScannedTree {
 public:
  // Scans it. Fails with kNotSupported (another compression or block size),
  // kImageCorrupt and as ScanSquashfs does. The source must outlive it.
  static Result<std::unique_ptr<TreeReader>> Open(ByteSource* source);

  std::uint64_t size() const override { return super_.bytes_used; }
  Result<void> Content(const TreeNode& file, const ContentSink& sink) override;

 protected:
  const SourceTree& tree() const override { return found_.tree; }

 private:
  explicit SquashfsReader(ByteSource* source) : file_(source) {}
  Result<void> Start();
  // One block of a file: `size` as its inode says, `bytes` what it must be.
  Result<void> Block(std::uint64_t place, std::uint32_t size,
                     std::span<std::uint8_t> bytes);

  SquashfsSource file_;
  sqfs_super_t super_{};
  SquashfsPtr<sqfs_compressor_t> compressor_;
  std::optional<SquashfsInodeTable> inodes_;
  SquashfsScan found_;
  std::vector<std::uint8_t> packed_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SQUASHFS_READER_H_
