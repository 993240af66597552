// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_ENCRYPT_DATA_H_
#define TDXVFS_LUKS_IMAGE_ENCRYPT_DATA_H_

#include <cstdint>
#include <functional>

#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs::image {

struct EncryptJob {
  int source = -1;  // bytes in the clear, from 0
  int target = -1;  // written from target_offset
  std::uint64_t target_offset = 0;
  std::uint64_t size = 0;            // a multiple of the sector size
  std::uint32_t sector_size = 4096;  // bytes
};

// Encrypts as dm-crypt's aes-xts-plain64 does, on all cores, with a few MiB of
// memory for each. `progress` (may be empty) is called on this thread. Fails
// with kNoSpace, kIoError, kFileUnreadable, kInternal.
Result<void> EncryptData(
    const EncryptJob& job, const Secret& volume_key,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_ENCRYPT_DATA_H_
