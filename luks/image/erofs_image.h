// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EROFS_IMAGE_H_
#define TDXVFS_LUKS_IMAGE_EROFS_IMAGE_H_

#include <cstdint>
#include <optional>
#include <span>

#include "common/result.h"
#include "luks/image/block_writer.h"
#include "luks/image/content_writer.h"
#include "luks/image/erofs_metadata.h"
#include "luks/image/file_system_writer.h"
#include "luks/image/image_sink.h"

namespace tdxvfs::image {

// Writes an erofs image in one pass: contents of files, directories and inodes,
// and at last the first block. The same names, bytes, modes, owners, times and
// attributes, in the same order, give the same image; its UUID is zero. Memory
// grows with the number of files and of holes, not with their size, but for 64
// MiB for each TiB of the largest file with holes. Finish fails with
// kNotSupported above 16 TiB, End for files with holes of more than 2 TiB each
// or 16 TiB in all.
class ErofsWriter : public FileSystemWriter {
 public:
  // The sink must outlive it.
  explicit ErofsWriter(ImageSink* sink) : sink_(sink), writer_(sink) {}

  Result<void> Begin(std::uint32_t node) override;
  Result<void> Put(std::uint64_t offset,
                   std::span<const std::uint8_t> bytes) override;
  Result<void> End(std::uint64_t size) override;
  Result<void> Finish(const SourceTree& tree,
                      std::span<const std::uint32_t> numbers) override;

 private:
  void Renumber(std::span<const std::uint32_t> numbers);

  ImageSink* sink_;
  BlockWriter writer_;
  std::optional<ContentWriter> content_;  // of the file at hand
  std::uint32_t node_ = 0;
  std::uint64_t sparse_size_ = 0;  // bytes, of all files with holes
  StoredFiles files_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EROFS_IMAGE_H_
