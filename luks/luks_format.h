// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_LUKS_FORMAT_H_
#define TDXVFS_LUKS_LUKS_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tdxvfs::luks {

// What LUKS1 (On-Disk Format 1.2.3, section 2) and LUKS2 (On-Disk Format 1.1,
// section 2.1) have in common.
inline constexpr std::string_view kLuksMagic("LUKS\xba\xbe", 6);
inline constexpr std::size_t kUuidAt = 168;  // byte of the header, as text
// Bytes: what both, libcryptsetup and device mapper count in, whatever the
// sector size that a volume is encrypted in.
inline constexpr std::uint64_t kSectorSize = 512;
// How many times over a key slot holds its key (anti-forensic splitter).
inline constexpr std::uint64_t kStripes = 4000;
// The one cipher that volumes are opened with, in device mapper's words.
inline constexpr std::string_view kVolumeCipher = "aes-xts-plain64";

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_LUKS_FORMAT_H_
