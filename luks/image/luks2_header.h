// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_LUKS2_HEADER_H_
#define TDXVFS_LUKS_IMAGE_LUKS2_HEADER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs::image {

inline constexpr std::size_t kVolumeKeySize = 64;        // bytes, two XTS keys
inline constexpr std::uint32_t kCryptSectorSize = 4096;  // bytes

struct NewHeader {
  std::string uuid;
  std::vector<std::uint8_t> bytes;  // kDefaultHeaderSize of them
};

// Makes a LUKS2 header of profile sealed-1 in memory: one key slot that
// `passphrase` opens and that holds `volume_key`. PBKDF2 runs at its minimum,
// since the passphrase is 256 random bits. Fails with kUsage (uuid) or
// kInternal.
Result<NewHeader> MakeLuks2Header(const Secret& passphrase,
                                  const Secret& volume_key,
                                  const std::optional<std::string>& uuid);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_LUKS2_HEADER_H_
