// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_FILE_CONTENT_H_
#define TDXVFS_LUKS_IMAGE_FILE_CONTENT_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "common/result.h"

namespace tdxvfs::image {

// Reads a file of `size` bytes, piece by piece in order; holes of the source's
// disk are left out. `copied` gets the bytes done since the last call. Fails
// with kFileUnreadable, also when the file is not the one that was scanned, or
// was written to since: it has another size or another stamp (StampOf), now or
// when it has been read. And as `use` does.
Result<void> ReadContent(
    const std::filesystem::path& path, std::uint64_t size, std::uint32_t stamp,
    const std::function<Result<void>(std::uint64_t offset,
                                     std::span<const std::uint8_t>)>& use,
    const std::function<void(std::uint64_t)>& copied);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_FILE_CONTENT_H_
