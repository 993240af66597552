// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EROFS_FORMAT_H_
#define TDXVFS_LUKS_IMAGE_EROFS_FORMAT_H_

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// The parts of an erofs image as bytes: uncompressed, blocks of 4096 bytes,
// extended inodes (kernel documentation filesystems/erofs.rst, "On-disk
// details"; numbers as in fs/erofs/erofs_fs.h). Everything is little-endian.

inline constexpr std::uint64_t kErofsMagic = 0xe0f5e1e2;
inline constexpr std::size_t kErofsSuperBlockAt = 1024;       // byte
inline constexpr std::size_t kErofsAttributeHeader = 12;      // bytes
inline constexpr std::size_t kErofsAttributeUnit = 4;         // bytes
inline constexpr std::size_t kErofsAttributeEntryHeader = 4;  // bytes
inline constexpr std::size_t kErofsChunkAddress = 4;          // bytes
inline constexpr std::uint32_t kErofsBlock = 4096;            // bytes
inline constexpr std::uint32_t kErofsInode = 64;              // bytes, extended
inline constexpr std::uint32_t kErofsSlot = 32;      // bytes; inode numbers
inline constexpr std::uint32_t kErofsChunk = 65536;  // bytes

// How the content of an inode is found.
enum class ErofsLayout : std::uint16_t {
  kPlain = 0,   // consecutive blocks
  kInline = 2,  // the same, but what fills no block follows the inode
  kChunks = 4,  // a list of chunk addresses follows the inode
};

struct ErofsInode {
  ErofsLayout layout = ErofsLayout::kPlain;
  std::uint16_t attribute_count = 0;  // as ErofsAttributeCount
  std::uint64_t size = 0;             // bytes
  std::uint32_t first_block = 0;      // or the chunk format
  std::uint32_t number = 0;           // for stat(2) in 32-bit programs
};

// kErofsInode bytes. Mode, owner, times and links are those of `node`.
std::vector<std::uint8_t> EncodeErofsInode(const ErofsInode& inode,
                                           const SourceNode& node);

// The `first_block` member of an inode with kChunks: chunks of kErofsChunk,
// addresses of 4 bytes each.
std::uint32_t ErofsChunkFormat();

// Extended attributes as they follow an inode; empty without any.
std::vector<std::uint8_t> EncodeErofsAttributes(
    const SourceAttributes& attributes);
// What an inode says about `bytes` of them; at most 65535 * 4 bytes fit.
std::uint16_t ErofsAttributeCount(std::size_t bytes);

struct ErofsSuperBlock {
  std::uint64_t inodes = 0;
  std::uint32_t blocks = 0;          // of the whole image
  std::uint32_t metadata_block = 0;  // where inode numbers count from
  std::uint16_t root = 0;            // inode number
  bool has_chunks = false;
};

// The first block of the image, kErofsBlock bytes, with its checksum.
std::vector<std::uint8_t> EncodeErofsSuperBlock(const ErofsSuperBlock& super);

// The file type of a directory entry.
std::uint8_t ErofsFileType(mode_t mode);

// The next multiple of `unit`, also for numbers near the end of 64 bits.
std::uint64_t RoundUp(std::uint64_t number, std::uint64_t unit);
bool AllZero(std::span<const std::uint8_t> bytes);

// Writes a little-endian number of `size` bytes.
void PutNumber(std::span<std::uint8_t> bytes, std::size_t at, std::size_t size,
               std::uint64_t number);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EROFS_FORMAT_H_
