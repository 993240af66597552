// SPDX-License-Identifier: Apache-2.0
#include "luks/super_block.h"

namespace tdxvfs::luks {
namespace {

// Little-endian number of `size` bytes at `offset`.
std::uint64_t NumberAt(std::span<const std::uint8_t> bytes, std::size_t offset,
                       std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = size; i > 0; --i) {
    number = number << 8U | bytes[offset + i - 1];
  }
  return number;
}

constexpr std::size_t kSuperBlockAt = 1024;  // bytes; erofs and ext4
constexpr std::uint64_t k64Bit = 0x80;       // ext4's feature flag
constexpr std::uint64_t kMaxBlockBits = 16;  // 64 KiB, the largest page

// struct erofs_super_block (fs/erofs/erofs_fs.h).
std::optional<std::uint64_t> ErofsSize(std::span<const std::uint8_t> start) {
  const auto super = start.subspan(kSuperBlockAt);
  const std::uint64_t bits = super[12];
  if (NumberAt(super, 0, 4) != 0xe0f5e1e2 || bits > kMaxBlockBits) {
    return std::nullopt;
  }
  return NumberAt(super, 36, 4) << bits;
}

// struct ext4_super_block (fs/ext4/ext4.h); the high half of the count belongs
// to the 64bit feature.
std::optional<std::uint64_t> Ext4Size(std::span<const std::uint8_t> start) {
  const auto super = start.subspan(kSuperBlockAt);
  const std::uint64_t bits = NumberAt(super, 24, 4) + 10;
  if (NumberAt(super, 56, 2) != 0xef53 || bits > kMaxBlockBits) {
    return std::nullopt;
  }
  std::uint64_t blocks = NumberAt(super, 4, 4);
  if ((NumberAt(super, 96, 4) & k64Bit) != 0) {
    blocks |= NumberAt(super, 336, 4) << 32U;
  }
  if (blocks >> (64U - kMaxBlockBits) != 0) {
    return std::nullopt;
  }
  return blocks << bits;
}

// struct squashfs_super_block (fs/squashfs/squashfs_fs.h).
std::optional<std::uint64_t> SquashfsSize(std::span<const std::uint8_t> start) {
  if (NumberAt(start, 0, 4) != 0x73717368) {
    return std::nullopt;
  }
  return NumberAt(start, 40, 8);
}

}  // namespace

std::optional<std::uint64_t> FileSystemSize(
    std::string_view file_system, std::span<const std::uint8_t> start) {
  if (start.size() < kSuperBlockArea) {
    return std::nullopt;
  }
  if (file_system == "erofs") {
    return ErofsSize(start);
  }
  if (file_system == "ext4") {
    return Ext4Size(start);
  }
  return file_system == "squashfs" ? SquashfsSize(start) : std::nullopt;
}

std::string_view FileSystemOf(std::span<const std::uint8_t> start) {
  for (const std::string_view file_system : {"erofs", "squashfs", "ext4"}) {
    if (FileSystemSize(file_system, start).has_value()) {
      return file_system;
    }
  }
  return {};
}

}  // namespace tdxvfs::luks
