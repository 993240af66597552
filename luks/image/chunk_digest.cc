// SPDX-License-Identifier: Apache-2.0
#include "luks/image/chunk_digest.h"

#include <algorithm>

#include "luks/image/erofs_format.h"

namespace tdxvfs::image {
namespace {

constexpr std::uint64_t kChunk = 65536;  // bytes

}  // namespace

Result<void> ChunkDigest::Flush() {
  const bool is_zero = std::all_of(chunk_.begin(), chunk_.end(),
                                   [](std::uint8_t byte) { return byte == 0; });
  if (!is_zero) {
    std::vector<std::uint8_t> place(sizeof(number_));
    PutNumber(place, 0, place.size(), number_);
    ASSIGN_OR_RETURN(
        digest_, LengthPrefixed().Add(digest_).Add(place).Add(chunk_).Sha256());
  }
  chunk_.clear();
  return {};
}

Result<void> ChunkDigest::Put(std::uint64_t offset,
                              std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    if (!chunk_.empty() && offset / kChunk != number_) {
      RETURN_IF_ERROR(Flush());
    }
    if (chunk_.empty()) {
      number_ = offset / kChunk;
      chunk_.resize(kChunk);
    }
    const std::uint64_t at = offset % kChunk;
    const auto part =
        bytes.first(std::min<std::uint64_t>(bytes.size(), kChunk - at));
    std::copy(part.begin(), part.end(),
              chunk_.begin() + static_cast<std::ptrdiff_t>(at));
    bytes = bytes.subspan(part.size());
    offset += part.size();
  }
  return {};
}

Result<Sha256Digest> ChunkDigest::Finish() {
  RETURN_IF_ERROR(Flush());
  return digest_;
}

}  // namespace tdxvfs::image
