// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EROFS_DIRECTORY_H_
#define TDXVFS_LUKS_IMAGE_EROFS_DIRECTORY_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tdxvfs::image {

struct ErofsEntry {
  std::string_view name;
  std::uint64_t inode = 0;
  std::uint8_t type = 0;  // ErofsFileType
};

// The content of a directory. `entries`, "." and ".." among them, are in byte
// order of their names, by which the kernel searches. Names are 1 to 255
// bytes. Each block holds whole entries: their fixed parts first, then their
// names; the last block is not padded.
std::vector<std::uint8_t> EncodeErofsDirectory(
    std::span<const ErofsEntry> entries);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EROFS_DIRECTORY_H_
