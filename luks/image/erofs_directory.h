// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EROFS_DIRECTORY_H_
#define TDXVFS_LUKS_IMAGE_EROFS_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "common/result.h"

namespace tdxvfs::image {

struct ErofsEntry {
  std::string_view name;
  std::uint64_t inode = 0;
  std::uint8_t type = 0;  // ErofsFileType
};

// Entry `position` of a directory, "." and ".." among them, in byte order of
// the names, by which the kernel searches. Names are 1 to 255 bytes.
using ErofsEntryAt = std::function<ErofsEntry(std::size_t position)>;

// Takes content piece by piece: blocks of kErofsBlock bytes, the last of which
// may be shorter.
using ErofsPieceSink =
    std::function<Result<void>(std::span<const std::uint8_t> piece)>;

// The content of a directory of `count` entries. Each block holds whole
// entries: their fixed parts first, then their names; the last block is not
// padded. Holds one block at a time, since a directory may have a million
// entries. Fails as the sink does.
Result<void> EncodeErofsDirectory(std::size_t count,
                                  const ErofsEntryAt& entry_at,
                                  const ErofsPieceSink& sink);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EROFS_DIRECTORY_H_
