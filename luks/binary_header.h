// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_BINARY_HEADER_H_
#define TDXVFS_LUKS_BINARY_HEADER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/result.h"
#include "luks/header_refusal.h"

namespace tdxvfs::luks {

inline constexpr std::size_t kBinaryHeaderSize = 4096;  // before the JSON
inline constexpr std::size_t kMetadataSize = 16384;     // bytes, of ours; twice

// What a header says the size of one of its two metadata areas is, in bytes;
// 0 when it is too short to say so.
std::uint64_t DeclaredMetadataSize(std::span<const std::uint8_t> header);

// The two metadata areas of a header of ours, as they must be: magic, version,
// size, offset, checksum, no label and no subsystem, zeroes in between; both
// with the same sequence number, UUID, label, subsystem and JSON (LUKS2 On-Disk
// Format 1.1, section 2.1). Returns the JSON of both; what does not fit goes
// into `refusals`. `header` has at least 2 * kMetadataSize bytes. Fails with
// kInternal only.
Result<std::string_view> CheckBinaryHeaders(
    std::span<const std::uint8_t> header, HeaderRefusals* refusals);

// The same for headers of other programs: any of the sizes that the format
// knows, any label and subsystem. `header` may have any size; `metadata_size`
// becomes that of one area, in bytes, and 0 when there is none that fits.
Result<std::string_view> CheckForeignBinaryHeaders(
    std::span<const std::uint8_t> header, std::size_t* metadata_size,
    HeaderRefusals* refusals);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_BINARY_HEADER_H_
