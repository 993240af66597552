// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_CONTENT_WRITER_H_
#define TDXVFS_LUKS_IMAGE_CONTENT_WRITER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "common/result.h"
#include "luks/image/block_writer.h"

namespace tdxvfs::image {

// Consecutive chunks of a file (kErofsChunk bytes each) in consecutive blocks.
struct ChunkRun {
  std::uint64_t first_chunk = 0;
  std::uint64_t chunks = 0;
  std::uint32_t block = 0;  // of the first chunk
};

// Where the content of a file went.
struct StoredFile {
  std::vector<ChunkRun> runs;  // chunks that are in none hold zeroes only
  bool has_holes = false;
};

// Stores the content of one file in order. Chunks of zeroes are left out,
// judged by their bytes and not by the holes of the source, so that a copy
// without holes, or a tar stream, gives the same image.
class ContentWriter {
 public:
  explicit ContentWriter(BlockWriter* writer) : writer_(writer) {}

  // Bytes at `offset`, at or behind the end of those before; between them are
  // zeroes. Fails as the writer does.
  Result<void> Put(std::uint64_t offset, std::span<const std::uint8_t> bytes);
  // Zeroes up to `size`, where the file ends.
  Result<StoredFile> Finish(std::uint64_t size);

  std::uint64_t position() const { return position_; }  // bytes so far

 private:
  Result<void> SkipTo(std::uint64_t offset);
  Result<void> Fill(std::span<const std::uint8_t>* bytes);
  Result<void> StorePending();
  Result<void> StoreChunk(std::span<const std::uint8_t> bytes,
                          std::uint64_t chunk);

  BlockWriter* writer_;
  StoredFile stored_;
  std::uint64_t position_ = 0;
  std::vector<std::uint8_t> pending_;  // the chunk that ends at position_
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_CONTENT_WRITER_H_
