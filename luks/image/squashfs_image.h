// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SQUASHFS_IMAGE_H_
#define TDXVFS_LUKS_IMAGE_SQUASHFS_IMAGE_H_

#include <cstdint>
#include <memory>
#include <span>

#include <sqfs/block_processor.h>
#include <sqfs/block_writer.h>
#include <sqfs/compressor.h>
#include <sqfs/frag_table.h>
#include <sqfs/super.h>

#include "common/result.h"
#include "luks/image/file_system_writer.h"
#include "luks/image/image_sink.h"
#include "luks/image/squashfs_file.h"
#include "luks/image/squashfs_tree.h"

namespace tdxvfs::image {

// Writes a squashfs image (zstd, blocks of 128 KiB, compressed on all cores by
// libsquashfs) in one pass: contents, inodes, directories, tables and at last
// the first block. Blocks that occur twice are stored twice: finding them means
// reading back what was written. Times are whole seconds from 1970 to 2106.
// Memory grows with the number of files and of blocks, by a few bytes each.
//
// Finish fails with kNotSupported (an attribute that is not user.*, such as an
// access control list; more than 65536 owners and groups).
class SquashfsWriter : public FileSystemWriter {
 public:
  // The sink must outlive it. Fails with kInternal.
  static Result<std::unique_ptr<SquashfsWriter>> Create(ImageSink* sink);

  Result<void> Begin(std::uint32_t node) override;
  Result<void> Put(std::uint64_t offset,
                   std::span<const std::uint8_t> bytes) override;
  Result<void> End(std::uint64_t size) override;
  Result<void> Finish(const SourceTree& tree,
                      std::span<const std::uint32_t> numbers) override;

 private:
  explicit SquashfsWriter(ImageSink* sink) : file_(sink) {}
  Result<void> Start();
  Result<void> SkipTo(std::uint64_t offset);
  SquashfsInodes ByNode(std::span<const std::uint32_t> numbers);

  // In the order in which they are needed: freed from the last one on.
  SquashfsFile file_;
  SquashfsPtr<sqfs_compressor_t> compressor_;
  SquashfsPtr<sqfs_frag_table_t> fragments_;
  SquashfsPtr<sqfs_block_writer_t> blocks_;
  SquashfsInodes inodes_;
  SquashfsPtr<sqfs_block_processor_t> processor_;
  sqfs_super_t super_{};
  std::uint64_t position_ = 0;  // of the file at hand, bytes so far
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SQUASHFS_IMAGE_H_
