// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_format.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "luks/image/crc32c.h"

namespace tdxvfs::image {
namespace {

constexpr std::uint64_t kBlockBits = 12;
constexpr std::uint64_t kChunkBits = 4;          // chunk above block
constexpr std::uint64_t kChecksumFeature = 0x1;  // compatible
constexpr std::uint64_t kModifiedFeature = 0x2;  // compatible: times are mtime
constexpr std::uint64_t kChunkedFeature = 0x4;   // incompatible
constexpr std::uint64_t kExtendedInode = 1;      // bit 0 of the format

// Prefixes that the format abbreviates to a number.
struct Prefix {
  std::string_view text;
  std::uint8_t index;
};
constexpr std::array<Prefix, 3> kPrefixes{{{"user.", 1},
                                           {"system.posix_acl_access", 2},
                                           {"system.posix_acl_default", 3}}};

}  // namespace

std::uint64_t RoundUp(std::uint64_t number, std::uint64_t unit) {
  return number / unit * unit + (number % unit != 0 ? unit : 0);
}

bool AllZero(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::uint8_t byte) { return byte == 0; });
}

void PutNumber(std::span<std::uint8_t> bytes, std::size_t at, std::size_t size,
               std::uint64_t number) {
  for (std::size_t i = 0; i < size; ++i) {
    bytes[at + i] = static_cast<std::uint8_t>(number >> (8U * i));
  }
}

std::uint32_t ErofsChunkFormat() { return kChunkBits; }

std::vector<std::uint8_t> EncodeErofsInode(const ErofsInode& inode,
                                           const SourceNode& node) {
  std::vector<std::uint8_t> bytes(kErofsInode, 0);
  const auto layout = static_cast<std::uint64_t>(inode.layout);
  PutNumber(bytes, 0, 2, kExtendedInode | layout << 1U);
  PutNumber(bytes, 2, 2, inode.attribute_count);
  PutNumber(bytes, 4, 2, node.mode);
  PutNumber(bytes, 8, 8, inode.size);
  PutNumber(bytes, 16, 4, inode.first_block);
  PutNumber(bytes, 20, 4, inode.number);
  PutNumber(bytes, 24, 4, node.user);
  PutNumber(bytes, 28, 4, node.group);
  PutNumber(bytes, 32, 8, static_cast<std::uint64_t>(node.modified));
  PutNumber(bytes, 40, 4, node.modified_rest);
  PutNumber(bytes, 44, 4, node.links);
  return bytes;
}

std::vector<std::uint8_t> EncodeErofsAttributes(
    const SourceAttributes& attributes) {
  std::vector<std::uint8_t> bytes;
  for (const auto& [name, value] : attributes) {
    const auto* const prefix =
        std::find_if(kPrefixes.begin(), kPrefixes.end(),
                     [&name = name](const Prefix& known) {
                       return name.starts_with(known.text);
                     });
    if (prefix == kPrefixes.end()) {
      continue;
    }
    bytes.resize(std::max(bytes.size(), kErofsAttributeHeader));
    const std::string_view rest =
        std::string_view(name).substr(prefix->text.size());
    const std::size_t at = bytes.size();
    bytes.resize(at + kErofsAttributeEntryHeader);
    bytes[at] = static_cast<std::uint8_t>(rest.size());
    bytes[at + 1] = prefix->index;
    PutNumber(bytes, at + 2, 2, value.size());
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    bytes.insert(bytes.end(), value.begin(), value.end());
    bytes.resize((bytes.size() + kErofsAttributeUnit - 1) /
                 kErofsAttributeUnit * kErofsAttributeUnit);
  }
  return bytes;
}

std::uint16_t ErofsAttributeCount(std::size_t bytes) {
  return bytes == 0
             ? 0
             : static_cast<std::uint16_t>(
                   (bytes - kErofsAttributeHeader) / kErofsAttributeUnit + 1);
}

std::vector<std::uint8_t> EncodeErofsSuperBlock(const ErofsSuperBlock& super) {
  std::vector<std::uint8_t> block(kErofsBlock, 0);
  const std::span<std::uint8_t> bytes =
      std::span(block).subspan(kErofsSuperBlockAt);
  PutNumber(bytes, 0, 4, kErofsMagic);
  PutNumber(bytes, 8, 4, kChecksumFeature | kModifiedFeature);
  PutNumber(bytes, 12, 1, kBlockBits);
  PutNumber(bytes, 14, 2, super.root);
  PutNumber(bytes, 16, 8, super.inodes);
  PutNumber(bytes, 36, 4, super.blocks);
  PutNumber(bytes, 40, 4, super.metadata_block);
  PutNumber(bytes, 80, 4, super.has_chunks ? kChunkedFeature : 0);
  // Over the block from the superblock on, its own field being zero.
  PutNumber(bytes, 4, 4, Crc32c(bytes));
  return block;
}

std::uint8_t ErofsFileType(mode_t mode) {
  if (S_ISDIR(mode)) {
    return 2;
  }
  if (S_ISFIFO(mode)) {
    return 5;
  }
  return S_ISLNK(mode) ? 7 : 1;
}

}  // namespace tdxvfs::image
