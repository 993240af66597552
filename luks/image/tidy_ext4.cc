// SPDX-License-Identifier: Apache-2.0
#include "luks/image/tidy_ext4.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ext2fs/ext2fs.h>

#include "luks/image/ext4_channel.h"
#include "luks/image/source_attributes.h"

namespace tdxvfs::image {
namespace {

struct CloseFileSystem {
  void operator()(ext2_filsys file_system) const { ext2fs_free(file_system); }
};
using FileSystemPtr =
    std::unique_ptr<struct struct_ext2_filsys, CloseFileSystem>;

struct CloseScan {
  void operator()(ext2_inode_scan scan) const { ext2fs_close_inode_scan(scan); }
};
using ScanPtr = std::unique_ptr<struct ext2_struct_inode_scan, CloseScan>;

struct CloseAttributes {
  void operator()(ext2_xattr_handle* handle) const {
    (void)ext2fs_xattrs_close(&handle);
  }
};
using AttributesPtr = std::unique_ptr<ext2_xattr_handle, CloseAttributes>;

Result<void> Check(errcode_t code, std::string_view what) {
  if (code == 0) {
    return {};
  }
  return Error(Reason::kIoError,
               "ext4: " + std::string(what) + ": " + Ext4Words(code));
}

int NoteOther(char* name, char* /*value*/, std::size_t /*size*/, void* others) {
  if (!IsKeptAttribute(name)) {
    static_cast<std::vector<std::string>*>(others)->emplace_back(name);
  }
  return 0;
}

Result<void> RemoveOthers(ext2_filsys file_system, ext2_ino_t number) {
  ext2_xattr_handle* handle = nullptr;
  RETURN_IF_ERROR(
      Check(ext2fs_xattrs_open(file_system, number, &handle), "attributes"));
  const AttributesPtr attributes(handle);
  RETURN_IF_ERROR(Check(ext2fs_xattrs_read(handle), "attributes"));
  std::vector<std::string> others;
  RETURN_IF_ERROR(
      Check(ext2fs_xattrs_iterate(handle, &NoteOther, &others), "attributes"));
  for (const std::string& name : others) {
    RETURN_IF_ERROR(
        Check(ext2fs_xattr_remove(handle, name.c_str()), "attribute " + name));
  }
  return {};
}

// Seconds since 1970 as an inode has them: 32 signed bits, and two more above
// them beside the nanoseconds (fs/ext4/ext4.h, "Extended timestamp").
struct Time {
  std::uint32_t low = 0;
  std::uint32_t extra = 0;
};

Time TimeFrom(std::int64_t seconds) {
  const auto low = static_cast<std::int32_t>(seconds);
  return {static_cast<std::uint32_t>(low),
          static_cast<std::uint32_t>((seconds - low) >> 32U) & 3U};
}

void SetTime(const Time& time, ext2_inode_large* inode) {
  inode->i_atime = inode->i_ctime = inode->i_mtime = inode->i_crtime = time.low;
  inode->i_atime_extra = inode->i_ctime_extra = time.extra;
  inode->i_mtime_extra = inode->i_crtime_extra = time.extra;
}

void CopyRoot(const SourceNode& root, ext2_inode_large* inode) {
  inode->i_mode = static_cast<std::uint16_t>(root.mode);
  inode->i_uid = static_cast<std::uint16_t>(root.user);
  inode->i_uid_high = static_cast<std::uint16_t>(root.user >> 16U);
  inode->i_gid = static_cast<std::uint16_t>(root.group);
  inode->i_gid_high = static_cast<std::uint16_t>(root.group >> 16U);
  SetTime(TimeFrom(root.modified), inode);
}

Result<void> TidyInode(ext2_filsys file_system, ext2_ino_t number,
                       const SourceNode& root,
                       std::optional<std::int64_t> epoch) {
  RETURN_IF_ERROR(RemoveOthers(file_system, number));
  ext2_inode_large inode{};
  auto* const plain = reinterpret_cast<ext2_inode*>(&inode);
  RETURN_IF_ERROR(
      Check(ext2fs_read_inode_full(file_system, number, plain, sizeof(inode)),
            "read inode"));
  SetTime(epoch.has_value() ? TimeFrom(*epoch)
                            : Time{inode.i_mtime, inode.i_mtime_extra},
          &inode);
  if (number == EXT2_ROOT_INO) {
    CopyRoot(root, &inode);
  }
  return Check(
      ext2fs_write_inode_full(file_system, number, plain, sizeof(inode)),
      "write inode");
}

Result<void> TidyInodes(ext2_filsys file_system, const SourceNode& root,
                        std::optional<std::int64_t> epoch) {
  ext2_inode_scan opened = nullptr;
  RETURN_IF_ERROR(
      Check(ext2fs_open_inode_scan(file_system, 0, &opened), "scan"));
  const ScanPtr scan(opened);
  while (true) {
    ext2_ino_t number = 0;
    ext2_inode inode{};
    RETURN_IF_ERROR(
        Check(ext2fs_get_next_inode(opened, &number, &inode), "scan"));
    if (number == 0) {
      return {};
    }
    const bool used = inode.i_links_count != 0 &&
                      (number == EXT2_ROOT_INO ||
                       number >= EXT2_FIRST_INODE(file_system->super));
    if (used) {
      RETURN_IF_ERROR(TidyInode(file_system, number, root, epoch));
    }
  }
}

}  // namespace

Result<void> TidyExt4(int file, const SourceNode& root,
                      std::optional<std::int64_t> epoch) {
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  ext2_filsys opened = nullptr;
  RETURN_IF_ERROR(Check(
      ext2fs_open(path.c_str(), EXT2_FLAG_RW, 0, 0, unix_io_manager, &opened),
      "open"));
  FileSystemPtr file_system(opened);
  // Otherwise the library writes the clock into the superblock.
  opened->now = 1;
  RETURN_IF_ERROR(TidyInodes(opened, root, epoch));
  return Check(ext2fs_close(file_system.release()), "write");
}

}  // namespace tdxvfs::image
