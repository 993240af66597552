// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_SUPER_BLOCK_H_
#define TDXVFS_LUKS_SUPER_BLOCK_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tdxvfs::luks {

inline constexpr std::size_t kSuperBlockArea = 2048;  // bytes from the start

// How many bytes a file system says it has, out of its first kSuperBlockArea
// bytes; nothing when they do not begin like `file_system`. An image that was
// cut off is found by this before a read fails somewhere inside a model.
std::optional<std::uint64_t> FileSystemSize(
    std::string_view file_system, std::span<const std::uint8_t> start);

// Which of the file systems that guests mount begins like this: "erofs",
// "squashfs" or "ext4"; empty: none of them.
std::string_view FileSystemOf(std::span<const std::uint8_t> start);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_SUPER_BLOCK_H_
