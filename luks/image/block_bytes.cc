// SPDX-License-Identifier: Apache-2.0
#include "luks/image/block_bytes.h"

#include <algorithm>
#include <string>

#include "luks/image/image_sink.h"

namespace tdxvfs::image {

std::uint64_t BlockBytes::size() const {
  return source_->blocks() * kImageBlockSize;
}

Result<void> BlockBytes::Read(std::uint64_t offset,
                              std::span<std::uint8_t> bytes) {
  if (offset > size() || bytes.size() > size() - offset) {
    return Error(Reason::kImageTruncated, "the volume ends at byte " +
                                              std::to_string(size()) +
                                              ", inside its file system");
  }
  const std::uint64_t first = offset / kImageBlockSize;
  if (offset % kImageBlockSize == 0 && bytes.size() % kImageBlockSize == 0) {
    return source_->Read(first, bytes);
  }
  const std::uint64_t end =
      (offset + bytes.size() + kImageBlockSize - 1) / kImageBlockSize;
  blocks_.resize((end - first) * kImageBlockSize);
  RETURN_IF_ERROR(source_->Read(first, blocks_));
  std::copy_n(
      blocks_.begin() + static_cast<std::ptrdiff_t>(offset % kImageBlockSize),
      bytes.size(), bytes.begin());
  return {};
}

}  // namespace tdxvfs::image
