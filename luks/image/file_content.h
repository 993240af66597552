// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_FILE_CONTENT_H_
#define TDXVFS_LUKS_IMAGE_FILE_CONTENT_H_

#include <cstdint>
#include <filesystem>
#include <functional>
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

// Copies a file of `size` bytes to the writer. Chunks of zeroes are left out,
// judged by their bytes and not by the holes of the source's disk, so that a
// copy without holes gives the same image. `copied` gets the bytes done since
// the last call. Fails with kFileUnreadable, also when the file has another
// size by now, and as the writer does.
Result<StoredFile> StoreFile(const std::filesystem::path& path,
                             std::uint64_t size, BlockWriter* writer,
                             const std::function<void(std::uint64_t)>& copied);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_FILE_CONTENT_H_
