// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_MAKE_EXT4_H_
#define TDXVFS_LUKS_IMAGE_MAKE_EXT4_H_

#include <cstdint>
#include <filesystem>

#include "common/result.h"

namespace tdxvfs::image {

// Makes an ext4 file system out of a folder in an open file, whose size it
// fills, by mke2fs(8) as a child process: no shell, an environment of its own,
// no configuration file. Blocks of 4096 bytes, no journal; its UUID and the
// seed of its folders' hashes are fixed. `inodes`: room for so many files.
//
// Fails with kNotSupported (no mke2fs: package e2fsprogs), kNoSpace or kIoError
// with mke2fs' last words, or kInternal.
Result<void> MakeExt4(int file, const std::filesystem::path& source,
                      std::uint64_t inodes);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_MAKE_EXT4_H_
