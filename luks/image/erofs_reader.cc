// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "luks/image/erofs_format.h"

namespace tdxvfs::image {
namespace {

constexpr std::uint64_t kReadPiece = 1048576;  // bytes read at once

Error DamagedInode(const ErofsNode& node, std::string_view what) {
  return {Reason::kImageCorrupt, "erofs: inode " + std::to_string(node.number) +
                                     " " + std::string(what)};
}

}  // namespace

Result<ErofsReader> ErofsReader::Open(BlockSource* source) {
  ErofsReader reader(source);
  reader.block_.resize(kErofsBlock);
  if (source->blocks() == 0) {
    return Error(Reason::kImageCorrupt, "erofs: the image is empty");
  }
  RETURN_IF_ERROR(source->Read(0, reader.block_));
  ASSIGN_OR_RETURN(reader.super_, ParseErofsSuperBlock(reader.block_));
  if (reader.super_.blocks > source->blocks()) {
    return Error(Reason::kImageCorrupt,
                 "erofs: the image has " + std::to_string(source->blocks()) +
                     " blocks, by its superblock " +
                     std::to_string(reader.super_.blocks));
  }
  const std::uint64_t room =
      (reader.super_.blocks - reader.super_.metadata_block) *
      std::uint64_t{kErofsBlock};
  if (reader.super_.inodes > room / kErofsSlot) {
    return Error(Reason::kImageCorrupt,
                 "erofs: more inodes than the image has room for");
  }
  return reader;
}

Result<void> ErofsReader::ReadBlocks(std::uint64_t first,
                                     std::span<std::uint8_t> bytes) {
  const std::uint64_t count = bytes.size() / kErofsBlock;
  if (first > super_.blocks || count > super_.blocks - first) {
    return Error(Reason::kImageCorrupt,
                 "erofs: block " + std::to_string(first) +
                     " and what follows lie behind the end of the image");
  }
  return source_->Read(first, bytes);
}

Result<void> ErofsReader::ReadAt(std::uint64_t position,
                                 std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const std::uint64_t block = position / kErofsBlock;
    if (held_ != block) {
      held_.reset();
      RETURN_IF_ERROR(ReadBlocks(block, block_));
      held_ = block;
    }
    const std::uint64_t at = position % kErofsBlock;
    const std::size_t piece =
        std::min<std::uint64_t>(bytes.size(), kErofsBlock - at);
    std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(at), piece,
                bytes.begin());
    bytes = bytes.subspan(piece);
    position += piece;
  }
  return {};
}

std::uint64_t ErofsReader::Position(const ErofsNode& node) const {
  return std::uint64_t{super_.metadata_block} * kErofsBlock +
         node.number * kErofsSlot;
}

std::uint64_t ErofsReader::Behind(const ErofsNode& node) const {
  return Position(node) + kErofsInode + node.attributes_size;
}

Result<ErofsNode> ErofsReader::Node(std::uint64_t number) {
  const std::uint64_t slots = (super_.blocks - super_.metadata_block) *
                              std::uint64_t{kErofsBlock} / kErofsSlot;
  if (number == 0 || number >= slots) {
    return Error(
        Reason::kImageCorrupt,
        "erofs: inode " + std::to_string(number) + " lies outside the image");
  }
  std::vector<std::uint8_t> bytes(kErofsInode);
  ErofsNode place;
  place.number = number;
  RETURN_IF_ERROR(ReadAt(Position(place), bytes));
  ASSIGN_OR_RETURN(ErofsNode node, ParseErofsInode(number, bytes));
  // A symbolic link's target is bounded; content must be somewhere.
  const std::uint64_t bytes_in_image =
      std::uint64_t{super_.blocks} * kErofsBlock;
  const std::uint64_t needed =
      node.layout == ErofsLayout::kChunks
          ? RoundUp(node.size, kErofsChunk) / kErofsChunk * kErofsChunkAddress
          : node.size;
  if (needed > bytes_in_image) {
    return DamagedInode(node, "is larger than the image");
  }
  return node;
}

Result<SourceAttributes> ErofsReader::Attributes(const ErofsNode& node) {
  std::vector<std::uint8_t> bytes(node.attributes_size);
  RETURN_IF_ERROR(ReadAt(Position(node) + kErofsInode, bytes));
  return ParseErofsAttributes(bytes);
}

Result<void> ErofsReader::ReadWhole(const ErofsNode& node, std::uint64_t offset,
                                    std::span<std::uint8_t> bytes) {
  const bool tail_inside = node.layout == ErofsLayout::kInline;
  const std::uint64_t in_blocks =
      tail_inside ? node.size / kErofsBlock * kErofsBlock : node.size;
  if (offset < in_blocks) {
    // A piece ends with a block, with the content, or where the tail begins.
    const std::uint64_t piece =
        std::min<std::uint64_t>(bytes.size(), in_blocks - offset);
    std::vector<std::uint8_t> blocks(RoundUp(piece, kErofsBlock));
    RETURN_IF_ERROR(
        ReadBlocks(node.first_block + offset / kErofsBlock, blocks));
    std::copy_n(blocks.begin(), piece, bytes.begin());
    bytes = bytes.subspan(piece);
  }
  if (bytes.empty()) {
    return {};
  }
  const std::uint64_t tail = Behind(node);
  if (tail % kErofsBlock + bytes.size() > kErofsBlock) {
    return DamagedInode(node, "has a tail that crosses a block");
  }
  return ReadAt(tail, bytes);
}

Result<std::string> ErofsReader::LinkTarget(const ErofsNode& node) {
  std::vector<std::uint8_t> bytes(node.size);
  RETURN_IF_ERROR(ReadWhole(node, 0, bytes));
  std::string target(bytes.begin(), bytes.end());
  if (target.find('\0') != std::string::npos) {
    return DamagedInode(node, "is a symbolic link with a NUL in it");
  }
  return target;
}

Result<void> ErofsReader::List(const ErofsNode& folder, std::uint64_t parent,
                               const NameSink& sink) {
  std::string before;
  int special = 0;
  for (std::uint64_t offset = 0; offset < folder.size; offset += kErofsBlock) {
    std::vector<std::uint8_t> bytes(
        std::min<std::uint64_t>(kErofsBlock, folder.size - offset));
    RETURN_IF_ERROR(ReadWhole(folder, offset, bytes));
    ASSIGN_OR_RETURN(const std::vector<ErofsName> names,
                     ParseErofsDirectoryBlock(bytes, before));
    for (const ErofsName& name : names) {
      if (name.name == "." || name.name == "..") {
        ++special;
        if (name.inode != (name.name == "." ? folder.number : parent)) {
          return DamagedInode(folder, "has '" + name.name + "' lead elsewhere");
        }
        continue;
      }
      RETURN_IF_ERROR(sink(name));
    }
    before = names.back().name;
  }
  // Names ascend, so neither stands there twice.
  return special == 2 ? Result<void>()
                      : DamagedInode(folder, "is a folder without '.' or '..'");
}

Result<void> ErofsReader::Content(const ErofsNode& file,
                                  const ContentSink& sink) {
  if (file.layout == ErofsLayout::kChunks) {
    return ChunkContent(file, sink);
  }
  std::vector<std::uint8_t> bytes(std::min(kReadPiece, file.size));
  for (std::uint64_t offset = 0; offset < file.size; offset += kReadPiece) {
    const auto piece =
        std::span(bytes).first(std::min(kReadPiece, file.size - offset));
    RETURN_IF_ERROR(ReadWhole(file, offset, piece));
    RETURN_IF_ERROR(sink(offset, piece));
  }
  return {};
}

Result<std::uint32_t> ErofsReader::ChunkBlock(const ErofsNode& file,
                                              std::uint64_t chunk) {
  std::vector<std::uint8_t> bytes(kErofsChunkAddress);
  RETURN_IF_ERROR(ReadAt(Behind(file) + chunk * kErofsChunkAddress, bytes));
  std::uint32_t block = 0;
  for (std::size_t i = 0; i < kErofsChunkAddress; ++i) {
    block |= static_cast<std::uint32_t>(bytes[i]) << (8U * i);
  }
  return block;
}

Result<void> ErofsReader::ChunkContent(const ErofsNode& file,
                                       const ContentSink& sink) {
  std::vector<std::uint8_t> bytes(kErofsChunk);
  for (std::uint64_t offset = 0; offset < file.size; offset += kErofsChunk) {
    ASSIGN_OR_RETURN(const std::uint32_t block,
                     ChunkBlock(file, offset / kErofsChunk));
    // All holes share one chunk of zeroes, which is read once.
    if (zero_block_ == block) {
      continue;
    }
    const std::size_t size =
        std::min<std::uint64_t>(kErofsChunk, file.size - offset);
    const auto blocks = std::span(bytes).first(RoundUp(size, kErofsBlock));
    RETURN_IF_ERROR(ReadBlocks(block, blocks));
    if (AllZero(blocks)) {
      if (blocks.size() == bytes.size()) {
        zero_block_ = block;
      }
      continue;
    }
    RETURN_IF_ERROR(sink(offset, blocks.first(size)));
  }
  return {};
}

}  // namespace tdxvfs::image
