// SPDX-License-Identifier: Apache-2.0
#include "luks/image/block_writer.h"

#include <algorithm>
#include <array>

namespace tdxvfs::image {
namespace {

constexpr std::uint64_t kMaxBlocks = 0xfffffffe;  // the last means "hole"
constexpr std::array<std::uint8_t, kImageBlockSize> kZeroes{};

}  // namespace

Result<void> BlockWriter::Append(std::span<const std::uint8_t> bytes) {
  position_ += bytes.size();
  return sink_->Append(bytes);
}

Result<void> BlockWriter::PadTo(std::uint64_t target) {
  while (position_ < target) {
    const std::uint64_t piece =
        std::min<std::uint64_t>(target - position_, kZeroes.size());
    RETURN_IF_ERROR(
        Append(std::span(kZeroes).first(static_cast<std::size_t>(piece))));
  }
  return {};
}

Result<void> BlockWriter::PadBlock() {
  return PadTo((position_ + kImageBlockSize - 1) / kImageBlockSize *
               kImageBlockSize);
}

Result<std::uint32_t> BlockWriter::NextBlock() {
  RETURN_IF_ERROR(PadBlock());
  const std::uint64_t block = position_ / kImageBlockSize;
  if (block >= kMaxBlocks) {
    return Error(Reason::kNotSupported, "an erofs image ends at 16 TiB");
  }
  return static_cast<std::uint32_t>(block);
}

}  // namespace tdxvfs::image
