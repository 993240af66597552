// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_FILE_CONTENT_H_
#define TDXVFS_LUKS_IMAGE_FILE_CONTENT_H_

#include <cstdint>
#include <filesystem>
#include <functional>

#include "common/result.h"
#include "luks/image/block_writer.h"
#include "luks/image/content_writer.h"

namespace tdxvfs::image {

// Copies a file of `size` bytes to the writer; holes of the source's disk are
// not read. `copied` gets the bytes done since the last call. Fails with
// kFileUnreadable, also when the file has another size by now or was written to
// while it was read, and as the writer does.
Result<StoredFile> StoreFile(const std::filesystem::path& path,
                             std::uint64_t size, BlockWriter* writer,
                             const std::function<void(std::uint64_t)>& copied);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_FILE_CONTENT_H_
