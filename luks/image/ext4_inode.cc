// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_inode.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include <ext2fs/ext2fs.h>

#include "luks/image/ext4_attributes.h"
#include "luks/image/ext4_content.h"

namespace tdxvfs::image {
namespace {

constexpr std::uint32_t kSecondBits = 2;  // see ReadTime
constexpr std::uint32_t kMaxNanoseconds = 999'999'999;

// The fixed part of 128 bytes and what stands behind it, which the library
// fills by the size that it is given.
struct Inode {
  ext2_inode_large large{};
  ext2_inode* fixed() { return reinterpret_cast<ext2_inode*>(&large); }
};

Result<void> CheckInodeKind(const ext2_inode_large& inode) {
  const mode_t mode = inode.i_mode;
  if (!S_ISDIR(mode) && !S_ISREG(mode) && !S_ISLNK(mode) && !S_ISFIFO(mode)) {
    return Error(Reason::kFileInvalid,
                 "a device, a socket or of no known kind, which no volume "
                 "holds");
  }
  if ((inode.i_flags & EXT4_ENCRYPT_FL) != 0) {
    return Error(Reason::kNotSupported, "encrypted by the file system");
  }
  return {};
}

// Seconds are 34 bits wide with the extra member, whose other 30 bits are
// nanoseconds (kernel documentation filesystems/ext4/inodes.rst, "Inode
// Timestamps").
void ReadTime(const struct_ext2_filsys* file_system,
              const ext2_inode_large& inode, SourceNode* node) {
  constexpr std::size_t needed = offsetof(ext2_inode_large, i_mtime_extra) +
                                 sizeof(inode.i_mtime_extra) -
                                 EXT2_GOOD_OLD_INODE_SIZE;
  node->modified = static_cast<std::int32_t>(inode.i_mtime);
  if (EXT2_INODE_SIZE(file_system->super) > EXT2_GOOD_OLD_INODE_SIZE &&
      inode.i_extra_isize >= needed) {
    const std::uint32_t extra = inode.i_mtime_extra;
    node->modified += static_cast<std::int64_t>(extra & 3U) << 32U;
    node->modified_rest = std::min(extra >> kSecondBits, kMaxNanoseconds);
  }
}

Result<std::string> LinkTarget(const Ext4FileSystem& file_system,
                               std::uint32_t number, Inode* inode,
                               std::uint64_t size) {
  if (size == 0 || size > kMaxLinkTarget) {
    return Error(Reason::kFileInvalid,
                 "a symbolic link of " + std::to_string(size) + " bytes");
  }
  std::string target(size, '\0');
  if (ext2fs_is_fast_symlink(inode->fixed()) != 0 &&
      size <= sizeof(inode->large.i_block)) {
    // It lies where block numbers would.
    const auto* text = reinterpret_cast<const char*>(inode->large.i_block);
    target.assign(text, size);
  } else {
    RETURN_IF_ERROR(ReadExt4Content(
        file_system, number, size,
        [&target](std::uint64_t offset,
                  std::span<const std::uint8_t> bytes) -> Result<void> {
          std::copy(bytes.begin(), bytes.end(),
                    target.begin() + static_cast<std::ptrdiff_t>(offset));
          return {};
        }));
  }
  if (target.find('\0') != std::string::npos) {
    return Error(Reason::kFileInvalid, "a symbolic link with a zero byte");
  }
  return target;
}

}  // namespace

Result<Ext4Inode> ReadExt4Inode(const Ext4FileSystem& file_system,
                                std::uint32_t number,
                                std::optional<std::int64_t> epoch,
                                Ext4Room* room) {
  Inode inode;
  const errcode_t code =
      ext2fs_read_inode_full(file_system.get(), number, inode.fixed(),
                             static_cast<int>(sizeof(inode.large)));
  if (code != 0) {
    return file_system.Failure("its inode", code);
  }
  RETURN_IF_ERROR(CheckInodeKind(inode.large));
  RETURN_IF_ERROR(room->TakeInode());
  // The library would follow them before it calls anybody.
  RETURN_IF_ERROR(room->TakeBlocks(number));
  Ext4Inode result;
  SourceNode& node = result.node;
  node.mode = inode.large.i_mode;
  node.user = inode_uid(inode.large);
  node.group = inode_gid(inode.large);
  node.links = S_ISDIR(node.mode) ? 2 : 1;  // its name and its "."
  ReadTime(file_system.get(), inode.large, &node);
  if (epoch.has_value()) {
    node.modified = *epoch;
    node.modified_rest = 0;
  }
  const std::uint64_t size = EXT2_I_SIZE(inode.fixed());
  if (S_ISREG(node.mode)) {
    RETURN_IF_ERROR(room->TakeFile(size));
    node.size = size;
  } else if (S_ISLNK(node.mode)) {
    ASSIGN_OR_RETURN(result.link_target,
                     LinkTarget(file_system, number, &inode, size));
    node.size = size;
  }
  ASSIGN_OR_RETURN(result.attributes,
                   ReadExt4Attributes(file_system, number, room));
  return result;
}

}  // namespace tdxvfs::image
