// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_parse.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "common/hex.h"
#include "luks/image/crc32c.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kSuperBlockSize = 128;
constexpr std::size_t kDirectoryEntry = 12;
constexpr std::uint64_t kMaxSize = 0x7fffffffffffffff;  // off_t's
constexpr std::uint64_t kCompatible = 0x3;  // checksum, modification times
constexpr std::uint64_t kChunked = 0x4;     // the only incompatible feature

Error DamagedErofs(std::string what) {
  return {Reason::kImageCorrupt, "erofs: " + std::move(what)};
}

Error Foreign(std::string what) {
  return {Reason::kNotSupported,
          "erofs: " + std::move(what) + ", which 'volume pack' never writes"};
}

std::uint64_t NumberAt(std::span<const std::uint8_t> bytes, std::size_t at,
                       std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = size; i > 0; --i) {
    number = number << 8U | bytes[at + i - 1];
  }
  return number;
}

Result<void> CheckChecksum(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
  PutNumber(copy, 4, 4, 0);
  if (Crc32c(copy) != NumberAt(bytes, 4, 4)) {
    return DamagedErofs("the superblock's checksum is wrong");
  }
  return {};
}

std::string_view AttributePrefix(std::uint8_t index) {
  switch (index) {
    case 1:
      return "user.";
    case 2:
      return "system.posix_acl_access";
    case 3:
      return "system.posix_acl_default";
    default:
      return {};
  }
}

// The members of an extended inode (fs/erofs/erofs_fs.h, erofs_inode_extended).
ErofsNode ReadErofsInode(std::uint64_t number,
                         std::span<const std::uint8_t> bytes) {
  ErofsNode node;
  node.number = number;
  node.layout = static_cast<ErofsLayout>(NumberAt(bytes, 0, 2) >> 1U);
  const std::uint64_t units = NumberAt(bytes, 2, 2);
  node.attributes_size = static_cast<std::uint32_t>(
      units == 0 ? 0
                 : kErofsAttributeHeader + (units - 1) * kErofsAttributeUnit);
  node.mode = static_cast<mode_t>(NumberAt(bytes, 4, 2));
  node.size = NumberAt(bytes, 8, 8);
  node.first_block = static_cast<std::uint32_t>(NumberAt(bytes, 16, 4));
  node.user = static_cast<std::uint32_t>(NumberAt(bytes, 24, 4));
  node.group = static_cast<std::uint32_t>(NumberAt(bytes, 28, 4));
  node.modified = static_cast<std::int64_t>(NumberAt(bytes, 32, 8));
  node.modified_rest = static_cast<std::uint32_t>(NumberAt(bytes, 40, 4));
  node.links = static_cast<std::uint32_t>(NumberAt(bytes, 44, 4));
  return node;
}

}  // namespace

Result<ErofsSuperBlock> ParseErofsSuperBlock(
    std::span<const std::uint8_t> block) {
  if (block.size() != kErofsBlock) {
    return DamagedErofs("no superblock");
  }
  const auto bytes = block.subspan(kErofsSuperBlockAt);
  if (NumberAt(bytes, 0, 4) != kErofsMagic) {
    return Error(Reason::kNotSupported, "the file system is not erofs");
  }
  RETURN_IF_ERROR(CheckChecksum(bytes));
  const std::uint64_t features = NumberAt(bytes, 80, 4);
  // Block size, extra slots, times, shared attributes, volume name, and all
  // that later kernels put behind the features.
  if (NumberAt(bytes, 8, 4) != kCompatible || (features & ~kChunked) != 0 ||
      bytes[12] != 12 || bytes[13] != 0 || !AllZero(bytes.subspan(44, 4)) ||
      !AllZero(bytes.subspan(84, kSuperBlockSize - 84))) {
    return Foreign("a superblock with features or sizes");
  }
  ErofsSuperBlock super;
  super.root = static_cast<std::uint16_t>(NumberAt(bytes, 14, 2));
  super.inodes = NumberAt(bytes, 16, 8);
  super.blocks = static_cast<std::uint32_t>(NumberAt(bytes, 36, 4));
  super.metadata_block = static_cast<std::uint32_t>(NumberAt(bytes, 40, 4));
  super.has_chunks = features != 0;
  if (super.metadata_block >= super.blocks) {
    return DamagedErofs("inodes begin behind the end of the image");
  }
  return super;
}

Result<ErofsNode> ParseErofsInode(std::uint64_t number,
                                  std::span<const std::uint8_t> bytes) {
  const std::string which = "inode " + std::to_string(number);
  if (bytes.size() != kErofsInode) {
    return DamagedErofs(which + " is cut off");
  }
  const std::uint64_t format = NumberAt(bytes, 0, 2);
  ErofsNode node = ReadErofsInode(number, bytes);
  const bool chunks = node.layout == ErofsLayout::kChunks;
  if ((format & 1U) == 0 || (!chunks && node.layout != ErofsLayout::kPlain &&
                             node.layout != ErofsLayout::kInline)) {
    return Foreign(which + " of format " + std::to_string(format));
  }
  const bool known = S_ISREG(node.mode) || S_ISDIR(node.mode) ||
                     S_ISLNK(node.mode) || S_ISFIFO(node.mode);
  if (!known) {
    return Foreign(which + " of mode " + std::to_string(node.mode));
  }
  if (chunks &&
      (!S_ISREG(node.mode) || node.first_block != ErofsChunkFormat())) {
    return Foreign(which + " with chunks of format " +
                   std::to_string(node.first_block));
  }
  const std::uint64_t limit = S_ISLNK(node.mode) ? kMaxLinkTarget : kMaxSize;
  if (node.size > limit || (S_ISLNK(node.mode) && node.size == 0) ||
      node.modified_rest >= 1'000'000'000 || node.links == 0) {
    return DamagedErofs(which + " has a size, time or number of links that " +
                        "cannot be");
  }
  return node;
}

Result<SourceAttributes> ParseErofsAttributes(
    std::span<const std::uint8_t> bytes) {
  SourceAttributes attributes;
  if (bytes.empty()) {
    return attributes;
  }
  // Name filter and shared attributes: both zero here.
  if (bytes.size() < kErofsAttributeHeader ||
      !AllZero(bytes.first(kErofsAttributeHeader))) {
    return Foreign("an inode with shared attributes");
  }
  bytes = bytes.subspan(kErofsAttributeHeader);
  while (!bytes.empty()) {
    if (bytes.size() < kErofsAttributeEntryHeader) {
      return DamagedErofs("an extended attribute is cut off");
    }
    const std::size_t name = bytes[0];
    const std::size_t value = NumberAt(bytes, 2, 2);
    const std::string_view prefix = AttributePrefix(bytes[1]);
    const std::size_t used = kErofsAttributeEntryHeader + name + value;
    const std::size_t all = (used + kErofsAttributeUnit - 1) /
                            kErofsAttributeUnit * kErofsAttributeUnit;
    if (prefix.empty()) {
      return Foreign("an extended attribute of kind " +
                     std::to_string(bytes[1]));
    }
    if (all > bytes.size() || (bytes[1] == 1) != (name != 0)) {
      return DamagedErofs("an extended attribute is cut off or misnamed");
    }
    std::string full(prefix);
    full += AsText(bytes.subspan(kErofsAttributeEntryHeader, name));
    std::string content(
        AsText(bytes.subspan(kErofsAttributeEntryHeader + name, value)));
    if (full.find('\0') != std::string::npos ||
        !attributes.emplace(std::move(full), std::move(content)).second) {
      return DamagedErofs(
          "an extended attribute stands there twice or misnamed");
    }
    bytes = bytes.subspan(all);
  }
  return attributes;
}

Result<std::vector<ErofsName>> ParseErofsDirectoryBlock(
    std::span<const std::uint8_t> bytes, std::string_view before) {
  if (bytes.size() < kDirectoryEntry || bytes.size() > kErofsBlock) {
    return DamagedErofs("a directory is cut off");
  }
  const std::size_t names_at = NumberAt(bytes, 8, 2);
  const std::size_t count = names_at / kDirectoryEntry;
  if (count == 0 || names_at % kDirectoryEntry != 0 ||
      names_at > bytes.size()) {
    return DamagedErofs("a directory's names are out of place");
  }
  std::vector<ErofsName> names;
  std::string last(before);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = i * kDirectoryEntry;
    const std::size_t begin = NumberAt(bytes, at + 8, 2);
    const bool is_last = i + 1 == count;
    const std::size_t end =
        is_last ? bytes.size() : NumberAt(bytes, at + kDirectoryEntry + 8, 2);
    if (begin < names_at || end > bytes.size() || begin >= end ||
        (i == 0 && begin != names_at) || bytes[at + 11] != 0) {
      return DamagedErofs("a directory's names are out of place");
    }
    std::string_view name = AsText(bytes.subspan(begin, end - begin));
    if (is_last) {
      name = name.substr(0, name.find('\0'));
    }
    if (name.empty() || name.size() > kMaxName || name <= last ||
        name.find('/') != std::string_view::npos ||
        name.find('\0') != std::string_view::npos) {
      return DamagedErofs("a directory has a name that cannot be");
    }
    last = name;
    names.push_back({.name = last,
                     .inode = NumberAt(bytes, at, 8),
                     .type = bytes[at + 10]});
  }
  return names;
}

}  // namespace tdxvfs::image
