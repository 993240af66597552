// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_FOREIGN_VOLUME_H_
#define TDXVFS_LUKS_FOREIGN_VOLUME_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/secret.h"
#include "luks/image_file.h"

namespace tdxvfs::luks {

// A LUKS volume that cryptsetup or a script made, unlocked.
struct ForeignVolume {
  std::uint32_t luks_version = 0;  // 1 or 2
  std::string uuid;
  std::uint64_t sector_size = 0;     // bytes
  std::vector<std::uint8_t> header;  // all before the data
  Secret volume_key;                 // 32 or 64 bytes, aes-xts-plain64

  std::uint64_t data_offset() const { return header.size(); }
};

// Copies the header into sealed memory, checks the copy (imported-1 for LUKS2,
// ParseLuks1Header for LUKS1), and only then lets a key derivation run on it.
// Nothing is written. Fails with kImageNotLuks2 (neither of both),
// kImageTruncated, kImageUnreadable, kHeaderRefused (also for a sealed volume
// whose header was changed), kPassphraseWrong, and kNotSupported for a volume
// that is sealed already.
Result<ForeignVolume> UnlockForeignVolume(const ImageFile& image,
                                          const Secret& passphrase);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_FOREIGN_VOLUME_H_
