// SPDX-License-Identifier: Apache-2.0
#include "luks/image/squashfs_inode.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <utility>

#include <sqfs/inode.h>

namespace tdxvfs::image {
namespace {

constexpr std::size_t kMetadataBlock = 8192;  // bytes
constexpr mode_t kPermissions = 07777;
constexpr std::uint16_t kExtended = SQFS_INODE_EXT_DIR - SQFS_INODE_DIR;

// Little-endian numbers, one behind the other.
class Numbers {
 public:
  explicit Numbers(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::uint16_t Short() { return static_cast<std::uint16_t>(Next(2)); }
  std::uint32_t Word() { return static_cast<std::uint32_t>(Next(4)); }
  std::uint64_t Long() { return Next(8); }

 private:
  std::uint64_t Next(std::size_t size) {
    std::uint64_t number = 0;
    for (std::size_t i = size; i > 0; --i) {
      number = number << 8U | bytes_[i - 1];
    }
    bytes_ = bytes_.subspan(size);
    return number;
  }
  std::span<const std::uint8_t> bytes_;
};

}  // namespace

Result<SquashfsInodeTable> SquashfsInodeTable::Open(
    SquashfsSource* source, sqfs_compressor_t* compressor,
    const sqfs_super_t* super) {
  SquashfsInodeTable result;
  result.source_ = source;
  result.super_ = super;
  result.table_.reset(sqfs_meta_reader_create(source, compressor,
                                              super->inode_table_start,
                                              super->directory_table_start));
  if (result.table_ == nullptr) {
    return Error(Reason::kInternal, "squashfs: no reader of inodes");
  }
  return result;
}

Result<void> SquashfsInodeTable::More(std::span<std::uint8_t> bytes) {
  return source_->Check(
      sqfs_meta_reader_read(table_.get(), bytes.data(), bytes.size()),
      "an inode");
}

// The members of each kind: struct sqfs_inode_dir_t and so on in
// sqfs/inode.h, as they lie on the disk.
Result<void> SquashfsInodeTable::Folder(bool is_extended,
                                        SquashfsNode* result) {
  std::array<std::uint8_t, 24> bytes{};
  RETURN_IF_ERROR(More(std::span(bytes).first(is_extended ? 24 : 16)));
  Numbers numbers(bytes);
  if (is_extended) {
    result->node.links = numbers.Word();
    result->names_size = numbers.Word();
    result->names_block = numbers.Word();
    (void)numbers.Word();   // parent
    (void)numbers.Short();  // entries of an index, which nothing here needs
    result->names_offset = numbers.Short();
    result->attributes = numbers.Word();
  } else {
    result->names_block = numbers.Word();
    result->node.links = numbers.Word();
    result->names_size = numbers.Short();
    result->names_offset = numbers.Short();
  }
  return {};
}

Result<void> SquashfsInodeTable::File(bool is_extended, std::uint64_t* room,
                                      SquashfsNode* result) {
  std::array<std::uint8_t, 40> bytes{};
  RETURN_IF_ERROR(More(std::span(bytes).first(is_extended ? 40 : 16)));
  Numbers numbers(bytes);
  std::uint32_t fragment = kSquashfsNone;
  if (is_extended) {
    result->first_block = numbers.Long();
    result->node.size = numbers.Long();
    (void)numbers.Long();  // bytes of holes
    result->node.links = numbers.Word();
    fragment = numbers.Word();
    (void)numbers.Word();  // place in the fragment
    result->attributes = numbers.Word();
  } else {
    result->first_block = numbers.Word();
    fragment = numbers.Word();
    (void)numbers.Word();
    result->node.size = numbers.Word();
  }
  const std::uint64_t size = result->node.size;
  if (size > *room) {
    return Error(Reason::kNotSupported,
                 "files of more than 16 TiB in all, holes included");
  }
  *room -= size;
  if (fragment != kSquashfsNone) {
    return Error(Reason::kNotSupported, "squashfs: a fragment of a block");
  }
  return Blocks(result);
}

// The list grows as it is read, with nothing reserved: an inode in a small
// image may claim 16 TiB, whose list has 512 MiB.
Result<void> SquashfsInodeTable::Blocks(SquashfsNode* result) {
  const std::uint64_t size = result->node.size;
  std::uint64_t left =
      size / super_->block_size + (size % super_->block_size != 0 ? 1 : 0);
  source_->Allow(kMetadataReads + 2 * left * 4 / kMetadataBlock);
  std::array<std::uint8_t, kMetadataBlock> piece{};
  while (left > 0) {
    const auto count = std::min<std::uint64_t>(left, piece.size() / 4);
    RETURN_IF_ERROR(More(std::span(piece).first(count * 4)));
    Numbers sizes(piece);
    for (std::uint64_t i = 0; i < count; ++i) {
      result->blocks.push_back(sizes.Word());
    }
    left -= count;
  }
  return {};
}

Result<void> SquashfsInodeTable::Link(bool is_extended, SquashfsNode* result) {
  std::array<std::uint8_t, 8> bytes{};
  RETURN_IF_ERROR(More(bytes));
  Numbers numbers(bytes);
  result->node.links = numbers.Word();
  const std::uint32_t size = numbers.Word();
  if (size == 0 || size > kMaxLinkTarget) {
    return DamagedSquashfs("a symbolic link of " + std::to_string(size) +
                           " bytes");
  }
  std::vector<std::uint8_t> target(size);
  RETURN_IF_ERROR(More(target));
  result->link_target.assign(target.begin(), target.end());
  result->node.size = size;
  if (result->link_target.find('\0') != std::string::npos) {
    return DamagedSquashfs("a symbolic link with a zero byte");
  }
  if (is_extended) {
    RETURN_IF_ERROR(More(std::span(bytes).first(4)));
    result->attributes = Numbers(bytes).Word();
  }
  return {};
}

Result<void> SquashfsInodeTable::Fifo(bool is_extended, SquashfsNode* result) {
  std::array<std::uint8_t, 8> bytes{};
  RETURN_IF_ERROR(More(std::span(bytes).first(is_extended ? 8 : 4)));
  Numbers numbers(bytes);
  result->node.links = numbers.Word();
  if (is_extended) {
    result->attributes = numbers.Word();
  }
  return {};
}

Result<void> SquashfsInodeTable::Head(std::uint64_t place, std::uint16_t* type,
                                      SquashfsNode* result) {
  source_->Allow(kMetadataReads);
  RETURN_IF_ERROR(source_->Check(
      sqfs_meta_reader_seek(table_.get(),
                            super_->inode_table_start + (place >> 16U),
                            place & 0xffffU),
      "the place of an inode"));
  std::array<std::uint8_t, 16> bytes{};
  RETURN_IF_ERROR(More(bytes));
  Numbers numbers(bytes);
  *type = numbers.Short();
  SourceNode& node = result->node;
  node.mode = numbers.Short() & kPermissions;
  node.user = numbers.Short();
  node.group = numbers.Short();
  node.modified = numbers.Word();
  result->number = numbers.Word();
  return {};
}

Result<void> SquashfsInodeTable::Kind(std::uint16_t type, std::uint64_t* room,
                                      SquashfsNode* result) {
  const bool is_extended = type > kExtended;
  switch (is_extended ? type - kExtended : type) {
    case SQFS_INODE_DIR:
      result->node.mode |= S_IFDIR;
      return Folder(is_extended, result);
    case SQFS_INODE_FILE:
      result->node.mode |= S_IFREG;
      return File(is_extended, room, result);
    case SQFS_INODE_SLINK:
      result->node.mode |= S_IFLNK;
      return Link(is_extended, result);
    case SQFS_INODE_FIFO:
      result->node.mode |= S_IFIFO;
      return Fifo(is_extended, result);
    default:
      return DamagedSquashfs("a device, a socket or of no known kind");
  }
}

Result<SquashfsNode> SquashfsInodeTable::Read(std::uint64_t place,
                                              std::uint64_t* room) {
  std::uint16_t type = 0;
  SquashfsNode result;
  RETURN_IF_ERROR(Head(place, &type, &result));
  RETURN_IF_ERROR(Kind(type, room, &result));
  return result;
}

}  // namespace tdxvfs::image
