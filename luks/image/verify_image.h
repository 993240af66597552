// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_VERIFY_IMAGE_H_
#define TDXVFS_LUKS_IMAGE_VERIFY_IMAGE_H_

#include <cstdint>
#include <vector>

#include "common/result.h"
#include "luks/image/parallel_pieces.h"
#include "luks/image/sealed_image.h"
#include "luks/image/verified_reader.h"

namespace tdxvfs::image {

// What reading every byte of an image found.
struct Verification {
  std::uint64_t bad_data_blocks = 0;
  std::uint64_t bad_hash_blocks = 0;
  // Data blocks below a bad hash block: neither right nor wrong.
  std::uint64_t unjudged_data_blocks = 0;
  // The first kMaxBadBlocks of the bad ones by their place in the image.
  std::vector<BadBlock> bad;

  bool holds() const { return bad_data_blocks + bad_hash_blocks == 0; }
};
inline constexpr std::size_t kMaxBadBlocks = 1000;

// Reads every block behind the header, data and hash tree, on all cores with
// about 1 MiB for each. Bad blocks are no failure; kIoError, kImageTruncated
// and kInternal are.
Result<Verification> VerifyImage(const SealedImage& image,
                                 const PieceProgress& progress);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_VERIFY_IMAGE_H_
