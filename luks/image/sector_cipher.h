// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SECTOR_CIPHER_H_
#define TDXVFS_LUKS_IMAGE_SECTOR_CIPHER_H_

#include <cstdint>
#include <span>

#include "common/owned_openssl.h"
#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs::image {

// AES-XTS over whole sectors with the IVs of dm-crypt's plain64. One
// thread at a time.
class SectorCipher {
 public:
  enum class Direction : std::uint8_t { kDecrypt = 0, kEncrypt = 1 };

  // `key`: 64 bytes, or 32 for AES-128 in old volumes. Fails with kInternal.
  static Result<SectorCipher> Create(const Secret& key,
                                     std::uint32_t sector_size,
                                     Direction direction);

  // Works in place on bytes that begin `offset` bytes into the segment; both
  // are multiples of the sector size; else kInternal.
  Result<void> Process(std::uint64_t offset, std::span<std::uint8_t> bytes);

 private:
  SectorCipher() = default;
  CipherContextPtr context_;
  std::uint32_t sector_size_ = 0;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SECTOR_CIPHER_H_
