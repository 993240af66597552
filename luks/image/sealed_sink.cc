// SPDX-License-Identifier: Apache-2.0
#include "luks/image/sealed_sink.h"

#include <algorithm>
#include <utility>

#include "luks/image/verity_tree.h"

namespace tdxvfs::image {

Result<std::unique_ptr<SealedSink>> SealedSink::Create(
    SealTarget target, const Secret& volume_key, std::vector<std::uint8_t> salt,
    const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(HashSpill spill, HashSpill::Create(folder));
  std::unique_ptr<SealedSink> sink(
      new SealedSink(std::move(spill), std::move(salt)));
  ASSIGN_OR_RETURN(
      sink->pool_,
      SealPool::Start(std::move(target), volume_key, sink->salt_,
                      [self = sink.get()](const SealPiece& piece) {
                        return piece.is_data ? self->spill_.Append(piece.hashes)
                                             : Result<void>();
                      }));
  return sink;
}

Result<void> SealedSink::Submit() {
  if (piece_ == nullptr) {
    return {};
  }
  if (piece_->size % kImageBlockSize != 0) {
    return Error(Reason::kInternal, "file system image ends within a block");
  }
  piece_ = nullptr;
  pool_->Submit();
  return {};
}

// Bytes that follow those before them share a piece.
Result<void> SealedSink::Put(std::uint64_t offset, bool is_data,
                             std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    if (piece_ != nullptr && (piece_->size == kSealPiece ||
                              piece_->offset + piece_->size != offset ||
                              piece_->is_data != is_data)) {
      RETURN_IF_ERROR(Submit());
    }
    if (piece_ == nullptr) {
      ASSIGN_OR_RETURN(piece_, pool_->Next());
      piece_->offset = offset;
      piece_->is_data = is_data;
    }
    const std::size_t size = std::min(bytes.size(), kSealPiece - piece_->size);
    const auto part = bytes.first(size);
    std::ranges::copy(part, piece_->buffer.data() + piece_->size);
    piece_->size += size;
    bytes = bytes.subspan(size);
    offset += size;
  }
  return {};
}

Result<void> SealedSink::Append(std::span<const std::uint8_t> bytes) {
  RETURN_IF_ERROR(Put(position_, true, bytes));
  position_ += bytes.size();
  return {};
}

Result<void> SealedSink::PutFirstBlock(std::span<const std::uint8_t> block) {
  ASSIGN_OR_RETURN(VerityHash hash, VerityHash::Create(salt_));
  ASSIGN_OR_RETURN(first_hash_, hash.Of(block));
  // Not data to the pool: the hash that comes last stands first in the tree.
  return Put(0, false, block);
}

Result<Sha256Digest> SealedSink::WriteTree(std::uint64_t data_blocks) {
  ASSIGN_OR_RETURN(
      VerityTree tree,
      VerityTree::Create(
          data_blocks, salt_, [&](std::uint64_t block, auto bytes) {
            return Put((data_blocks + block) * kVerityBlockSize, false, bytes);
          }));
  RETURN_IF_ERROR(tree.Append({&first_hash_, 1}));
  RETURN_IF_ERROR(spill_.Replay([&tree](std::span<const Sha256Digest> hashes) {
    return tree.Append(hashes);
  }));
  return tree.Finish();
}

Result<luks::VerityParameters> SealedSink::Finish() {
  RETURN_IF_ERROR(Submit());
  RETURN_IF_ERROR(pool_->Drain());
  luks::VerityParameters verity;
  verity.data_blocks = position_ / kImageBlockSize;
  verity.hash_start_block = verity.data_blocks;
  verity.salt = salt_;
  ASSIGN_OR_RETURN(verity.root_hash, WriteTree(verity.data_blocks));
  RETURN_IF_ERROR(Submit());
  RETURN_IF_ERROR(pool_->Drain());
  size_ = (verity.data_blocks + VerityTreeBlocks(verity.data_blocks)) *
          kVerityBlockSize;
  return verity;
}

}  // namespace tdxvfs::image
