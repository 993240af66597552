// SPDX-License-Identifier: Apache-2.0
#include "luks/image/content_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "luks/image/erofs_format.h"

namespace tdxvfs::image {
namespace {

bool IsZero(std::span<const std::uint8_t> bytes) {
  return bytes.front() == 0 &&
         std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

Result<void> ContentWriter::StoreChunk(std::span<const std::uint8_t> bytes,
                                       std::uint64_t chunk) {
  if (IsZero(bytes)) {
    stored_.has_holes = true;
    return {};
  }
  ASSIGN_OR_RETURN(const std::uint32_t block, writer_->NextBlock());
  if (!stored_.runs.empty() &&
      stored_.runs.back().first_chunk + stored_.runs.back().chunks == chunk) {
    ++stored_.runs.back().chunks;
  } else {
    stored_.runs.push_back({chunk, 1, block});
  }
  RETURN_IF_ERROR(writer_->Append(bytes));
  return writer_->PadBlock();
}

Result<void> ContentWriter::StorePending() {
  RETURN_IF_ERROR(
      StoreChunk(pending_, (position_ - pending_.size()) / kErofsChunk));
  pending_.clear();
  return {};
}

// Takes what the open chunk still has room for.
Result<void> ContentWriter::Fill(std::span<const std::uint8_t>* bytes) {
  const auto part = bytes->first(
      std::min<std::size_t>(bytes->size(), kErofsChunk - pending_.size()));
  pending_.insert(pending_.end(), part.begin(), part.end());
  position_ += part.size();
  *bytes = bytes->subspan(part.size());
  return pending_.size() == kErofsChunk ? StorePending() : Result<void>();
}

Result<void> ContentWriter::SkipTo(std::uint64_t offset) {
  if (!pending_.empty()) {
    const std::uint64_t zeroes = std::min<std::uint64_t>(
        offset - position_, kErofsChunk - pending_.size());
    pending_.resize(pending_.size() + zeroes);
    position_ += zeroes;
    if (pending_.size() == kErofsChunk) {
      RETURN_IF_ERROR(StorePending());
    }
  }
  if (position_ < offset) {
    // Between chunks now: whole ones are holes, the rest opens a new one.
    pending_.resize((offset - position_) % kErofsChunk);
    stored_.has_holes |= offset - position_ >= kErofsChunk;
    position_ = offset;
  }
  return {};
}

Result<void> ContentWriter::Put(std::uint64_t offset,
                                std::span<const std::uint8_t> bytes) {
  if (offset < position_) {
    return Error(Reason::kFileInvalid, "content overlaps itself");
  }
  RETURN_IF_ERROR(SkipTo(offset));
  while (!bytes.empty()) {
    if (!pending_.empty() || bytes.size() < kErofsChunk) {
      RETURN_IF_ERROR(Fill(&bytes));
      continue;
    }
    RETURN_IF_ERROR(
        StoreChunk(bytes.first(kErofsChunk), position_ / kErofsChunk));
    position_ += kErofsChunk;
    bytes = bytes.subspan(kErofsChunk);
  }
  return {};
}

Result<StoredFile> ContentWriter::Finish(std::uint64_t size) {
  if (size < position_) {
    return Error(Reason::kFileInvalid, "content is longer than its size");
  }
  RETURN_IF_ERROR(SkipTo(size));
  if (!pending_.empty()) {
    RETURN_IF_ERROR(StorePending());
  }
  return std::move(stored_);
}

}  // namespace tdxvfs::image
