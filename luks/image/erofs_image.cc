// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_image.h"

#include <utility>

namespace tdxvfs::image {
namespace {

// Bytes, of one file with holes and of all of them. A tar stream can claim any
// size without sending a byte, and for each 64 KiB 4 bytes of a list go into
// the image: of one file at a time 128 MiB, made in memory, and of all 1 GiB.
// Files without holes end at 16 TiB as well, with the image.
constexpr std::uint64_t kMaxSparse = std::uint64_t{1} << 41U;
constexpr std::uint64_t kMaxAllSparse = std::uint64_t{1} << 44U;

}  // namespace

Result<void> ErofsWriter::Begin(std::uint32_t node) {
  node_ = node;
  content_.emplace(&writer_);
  return {};
}

Result<void> ErofsWriter::Put(std::uint64_t offset,
                              std::span<const std::uint8_t> bytes) {
  return content_->Put(offset, bytes);
}

Result<void> ErofsWriter::End(std::uint64_t size) {
  ASSIGN_OR_RETURN(StoredFile stored, content_->Finish(size));
  content_.reset();
  if (files_.first_block.size() <= node_) {
    files_.first_block.resize(node_ + std::size_t{1}, 0);
  }
  if (stored.has_holes) {
    if (size > kMaxSparse || size > kMaxAllSparse - sparse_size_) {
      return Error(Reason::kNotSupported,
                   "files with holes have at most 2 TiB each and 16 TiB in all "
                   "in an erofs image");
    }
    sparse_size_ += size;
    files_.sparse.emplace(node_, std::move(stored.runs));
  } else if (!stored.runs.empty()) {
    files_.first_block[node_] = stored.runs.front().block;
  }
  return {};
}

void ErofsWriter::Renumber(std::span<const std::uint32_t> numbers) {
  StoredFiles ordered;
  ordered.first_block.assign(numbers.size(), 0);
  for (std::size_t node = 0; node < files_.first_block.size(); ++node) {
    ordered.first_block[numbers[node]] = files_.first_block[node];
  }
  for (auto& [node, runs] : files_.sparse) {
    ordered.sparse.emplace(numbers[node], std::move(runs));
  }
  files_ = std::move(ordered);
}

Result<void> ErofsWriter::Finish(const SourceTree& tree,
                                 std::span<const std::uint32_t> numbers) {
  if (!numbers.empty()) {
    Renumber(numbers);
  }
  files_.first_block.resize(tree.nodes.size(), 0);
  if (!files_.sparse.empty()) {
    ASSIGN_OR_RETURN(files_.zero_block, writer_.NextBlock());
    RETURN_IF_ERROR(writer_.PadTo(writer_.position() + kErofsChunk));
  }
  ErofsMetadata metadata(&tree, &files_);
  ASSIGN_OR_RETURN(const ErofsSuperBlock super, metadata.Write(&writer_));
  return sink_->PutFirstBlock(EncodeErofsSuperBlock(super));
}

}  // namespace tdxvfs::image
