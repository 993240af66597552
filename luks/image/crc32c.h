// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_CRC32C_H_
#define TDXVFS_LUKS_IMAGE_CRC32C_H_

#include <cstdint>
#include <span>

namespace tdxvfs::image {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4) that begins with all ones and,
// as in the kernel's file systems, is not inverted at the end. A bit at a
// time: for superblocks, not for data.
std::uint32_t Crc32c(std::span<const std::uint8_t> bytes);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_CRC32C_H_
