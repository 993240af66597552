// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_CHUNK_DIGEST_H_
#define TDXVFS_LUKS_IMAGE_CHUNK_DIGEST_H_

#include <cstdint>
#include <span>
#include <vector>

#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::image {

// A digest of a file's content that comes in ascending pieces with holes
// between them: over where each chunk of 64 KiB lies and what it holds,
// chained, chunks of zeroes left out. So it is the same however the content is
// cut and whether its zeroes are holes; files of one size are the same when
// their digests are.
class ChunkDigest {
 public:
  // Fails with kInternal.
  Result<void> Put(std::uint64_t offset, std::span<const std::uint8_t> bytes);
  Result<Sha256Digest> Finish();

 private:
  Result<void> Flush();

  Sha256Digest digest_{};
  std::uint64_t number_ = 0;         // of the chunk at hand
  std::vector<std::uint8_t> chunk_;  // empty: none is at hand
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_CHUNK_DIGEST_H_
