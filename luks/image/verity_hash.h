// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_VERITY_HASH_H_
#define TDXVFS_LUKS_IMAGE_VERITY_HASH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/owned_openssl.h"
#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::image {

inline constexpr std::size_t kVerityBlockSize = 4096;  // bytes, data and hash
// SHA-256 has a power of two of bytes already, so no hash is padded.
inline constexpr std::uint64_t kHashesPerBlock =
    kVerityBlockSize / sizeof(Sha256Digest);
inline constexpr std::size_t kMaxVeritySalt = 256;  // bytes, the kernel's

// The hash of one block as dm-verity's format 1 computes it: SHA-256 over the
// salt and then the block. One thread at a time.
class VerityHash {
 public:
  // Fails with kUsage (salt above kMaxVeritySalt bytes) or kInternal.
  static Result<VerityHash> Create(std::span<const std::uint8_t> salt);

  // `block`: kVerityBlockSize bytes. Fails with kInternal.
  Result<Sha256Digest> Of(std::span<const std::uint8_t> block);

 private:
  VerityHash() = default;
  DigestContextPtr context_;
  std::vector<std::uint8_t> salt_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_VERITY_HASH_H_
