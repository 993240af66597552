// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_LUKS1_HEADER_H_
#define TDXVFS_LUKS_LUKS1_HEADER_H_

#include <cstdint>
#include <span>
#include <string>

#include "common/result.h"

namespace tdxvfs::luks {

inline constexpr std::size_t kLuks1HeaderSize = 592;  // bytes, without keys

// What a LUKS1 header says (LUKS On-Disk Format 1.2.3, figure 1), once it is
// known to say what an import takes.
struct Luks1Header {
  std::string uuid;
  std::uint64_t data_offset = 0;  // bytes
  std::size_t key_size = 0;       // bytes
};

// Whether these are the first bytes of a LUKS1 header, whatever it says.
bool IsLuks1(std::span<const std::uint8_t> bytes);

// Reads and bounds a LUKS1 header before any key derivation runs: aes in
// xts-plain64, PBKDF2 with sha1, sha256 or sha512 and at most 10,000,000
// iterations in each slot and the digest (threat D8), 4000 stripes, key
// material inside the header, a header of at most 16 MiB. `bytes`: at least
// kLuks1HeaderSize. Fails with kHeaderRefused, naming the member.
Result<Luks1Header> ParseLuks1Header(std::span<const std::uint8_t> bytes);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_LUKS1_HEADER_H_
