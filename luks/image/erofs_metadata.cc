// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_metadata.h"

#include <sys/stat.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "common/hex.h"

namespace tdxvfs::image {
namespace {

constexpr std::uint32_t kBlocksPerChunk = kErofsChunk / kErofsBlock;
constexpr std::size_t kMaxAttributes =
    std::size_t{65535} * 4;                        // bytes, a 16-bit count
constexpr std::size_t kMaxAttributeName = 255;     // bytes, an 8-bit length
constexpr std::size_t kMaxAttributeValue = 65535;  // bytes, a 16-bit length

bool Fit(const SourceAttributes& attributes) {
  return std::all_of(attributes.begin(), attributes.end(),
                     [](const auto& attribute) {
                       return attribute.first.size() <= kMaxAttributeName &&
                              attribute.second.size() <= kMaxAttributeValue;
                     });
}

// Content that the inode's block can hold behind `head` bytes.
bool FitsBeside(std::size_t head, std::uint64_t content) {
  const std::uint64_t tail = content % kErofsBlock;
  return tail != 0 && head + tail <= kErofsBlock;
}

}  // namespace

std::uint64_t ErofsMetadata::InodeNumber(std::uint32_t node) const {
  return places_[node].position / kErofsSlot;
}

Result<void> ErofsMetadata::DirectoryOf(std::uint32_t node,
                                        const ErofsPieceSink& sink) const {
  const SourceNode& folder = tree_->nodes[node];
  const auto& entries = folder.entries;
  const auto place_of = [&entries](std::string_view name) {
    const auto at =
        std::lower_bound(entries.begin(), entries.end(), name,
                         [](const SourceEntry& entry, std::string_view wanted) {
                           return entry.name < wanted;
                         });
    return static_cast<std::size_t>(at - entries.begin());
  };
  const std::size_t itself = place_of(".");
  const std::size_t above = place_of("..") + 1;
  const auto entry_at = [&](std::size_t position) -> ErofsEntry {
    if (position == itself) {
      return {".", InodeNumber(node), ErofsFileType(folder.mode)};
    }
    if (position == above) {
      return {"..", InodeNumber(folder.parent), ErofsFileType(folder.mode)};
    }
    const std::size_t before =
        (position > itself ? 1U : 0U) + (position > above ? 1U : 0U);
    const SourceEntry& entry = entries[position - before];
    return {entry.name, InodeNumber(entry.node),
            ErofsFileType(tree_->nodes[entry.node].mode)};
  };
  return EncodeErofsDirectory(entries.size() + 2, entry_at, sink);
}

Result<void> ErofsMetadata::ContentOf(std::uint32_t node,
                                      const ErofsPieceSink& sink) const {
  if (S_ISDIR(tree_->nodes[node].mode)) {
    return DirectoryOf(node, sink);
  }
  std::span<const std::uint8_t> target = AsBytes(tree_->link_targets.at(node));
  while (!target.empty()) {
    const auto piece =
        target.first(std::min<std::size_t>(target.size(), kErofsBlock));
    RETURN_IF_ERROR(sink(piece));
    target = target.subspan(piece.size());
  }
  return {};
}

std::uint64_t ErofsMetadata::ContentSize(std::uint32_t node) const {
  std::uint64_t size = 0;
  (void)ContentOf(node, [&size](std::span<const std::uint8_t> piece) {
    size += piece.size();
    return Result<void>();
  }).has_value();
  return size;
}

std::vector<std::uint8_t> ErofsMetadata::AttributesOf(
    std::uint32_t node) const {
  const auto found = tree_->attributes.find(node);
  return found == tree_->attributes.end()
             ? std::vector<std::uint8_t>()
             : EncodeErofsAttributes(found->second);
}

std::vector<std::uint8_t> ErofsMetadata::ChunksOf(std::uint32_t node) const {
  const std::uint64_t chunks =
      RoundUp(tree_->nodes[node].size, kErofsChunk) / kErofsChunk;
  std::vector<std::uint8_t> bytes(chunks * kErofsChunkAddress);
  for (std::uint64_t chunk = 0; chunk < chunks; ++chunk) {
    PutNumber(bytes, chunk * kErofsChunkAddress, kErofsChunkAddress,
              files_->zero_block);
  }
  for (const ChunkRun& run : files_->sparse.at(node)) {
    for (std::uint64_t i = 0; i < run.chunks; ++i) {
      PutNumber(bytes, (run.first_chunk + i) * kErofsChunkAddress,
                kErofsChunkAddress, run.block + i * kBlocksPerChunk);
    }
  }
  return bytes;
}

Result<void> ErofsMetadata::PlaceNode(std::uint32_t node, std::uint64_t* next) {
  const SourceNode& source = tree_->nodes[node];
  Place& place = places_[node];
  const std::size_t attributes = AttributesOf(node).size();
  const auto listed = tree_->attributes.find(node);
  if (attributes > kMaxAttributes ||
      (listed != tree_->attributes.end() && !Fit(listed->second))) {
    return Error(Reason::kFileInvalid,
                 "source '" + tree_->PathOf(node).string() +
                     "' has more extended attributes than erofs holds");
  }
  const std::size_t head = kErofsInode + attributes;
  place.size = source.size;
  std::uint64_t together = head;  // must not cross the end of a block
  std::uint64_t after = 0;        // may
  if (S_ISDIR(source.mode) || S_ISLNK(source.mode)) {
    place.size = ContentSize(node);
    if (FitsBeside(head, place.size)) {
      place.layout = ErofsLayout::kInline;
      together += place.size % kErofsBlock;
    }
  } else if (files_->sparse.contains(node)) {
    place.layout = ErofsLayout::kChunks;
    place.first_block = ErofsChunkFormat();
    after =
        RoundUp(source.size, kErofsChunk) / kErofsChunk * kErofsChunkAddress;
  } else {
    place.first_block = files_->first_block[node];
  }
  place.position = RoundUp(*next, kErofsSlot);
  const std::uint64_t room = kErofsBlock - place.position % kErofsBlock;
  if (together > room) {
    place.position += room;
  }
  *next = place.position + together + after;
  return {};
}

Result<void> ErofsMetadata::Plan() {
  places_.assign(tree_->nodes.size(), Place());
  std::uint64_t next = kErofsSlot;  // inode number 0 is nobody's
  for (std::uint32_t node = 0; node < places_.size(); ++node) {
    RETURN_IF_ERROR(PlaceNode(node, &next));
  }
  return {};
}

// Whole blocks of directories (and of links that do not fit beside the inode).
Result<void> ErofsMetadata::WriteBlocks(BlockWriter* writer) {
  for (std::uint32_t node = 0; node < places_.size(); ++node) {
    Place& place = places_[node];
    const mode_t mode = tree_->nodes[node].mode;
    const bool is_inline = place.layout == ErofsLayout::kInline;
    if ((!S_ISDIR(mode) && !S_ISLNK(mode)) ||
        (is_inline && place.size < kErofsBlock)) {
      continue;
    }
    ASSIGN_OR_RETURN(place.first_block, writer->NextBlock());
    RETURN_IF_ERROR(ContentOf(node, [&](std::span<const std::uint8_t> piece) {
      return is_inline && piece.size() < kErofsBlock
                 ? Result<void>()  // stands beside the inode
                 : writer->Append(piece);
    }));
  }
  return {};
}

Result<void> ErofsMetadata::WriteInode(std::uint32_t node, std::uint64_t start,
                                       BlockWriter* writer) const {
  const Place& place = places_[node];
  const std::vector<std::uint8_t> attributes = AttributesOf(node);
  RETURN_IF_ERROR(writer->PadTo(start + place.position));
  RETURN_IF_ERROR(writer->Append(EncodeErofsInode(
      {.layout = place.layout,
       .attribute_count = ErofsAttributeCount(attributes.size()),
       .size = place.size,
       .first_block = place.first_block,
       .number = node + 1},
      tree_->nodes[node])));
  RETURN_IF_ERROR(writer->Append(attributes));
  if (place.layout == ErofsLayout::kChunks) {
    return writer->Append(ChunksOf(node));
  }
  if (place.layout == ErofsLayout::kInline) {
    return ContentOf(node, [writer](std::span<const std::uint8_t> piece) {
      return piece.size() < kErofsBlock ? writer->Append(piece)
                                        : Result<void>();
    });
  }
  return {};
}

Result<ErofsSuperBlock> ErofsMetadata::Write(BlockWriter* writer) {
  RETURN_IF_ERROR(Plan());
  RETURN_IF_ERROR(WriteBlocks(writer));
  ErofsSuperBlock super;
  ASSIGN_OR_RETURN(super.metadata_block, writer->NextBlock());
  const std::uint64_t start = writer->position();
  for (std::uint32_t node = 0; node < places_.size(); ++node) {
    RETURN_IF_ERROR(WriteInode(node, start, writer));
  }
  ASSIGN_OR_RETURN(super.blocks, writer->NextBlock());
  super.inodes = places_.size();
  super.root = static_cast<std::uint16_t>(InodeNumber(0));
  super.has_chunks = !files_->sparse.empty();
  return super;
}

}  // namespace tdxvfs::image
