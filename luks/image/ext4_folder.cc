// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_folder.h"

#include <string_view>
#include <utility>

#include <ext2fs/ext2fs.h>

namespace tdxvfs::image {
namespace {

struct Reading {
  struct_ext2_filsys* file_system;
  Ext4Room* room;
  Ext4Names names{};
  bool has_itself = false;  // "."
  bool has_parent = false;  // ".."
  std::string refused{};    // why the reading was given up
};

// "." and "..", which lead nowhere new; whether it may be that.
bool TakeDots(std::string_view name, ext2_ino_t folder, ext2_ino_t inode,
              Reading* reading) {
  bool* const taken = name == "." ? &reading->has_itself : &reading->has_parent;
  if (*taken || (name == "." && inode != folder)) {
    return false;
  }
  *taken = true;
  return true;
}

bool CanBeExt4Name(std::string_view name) {
  return !name.empty() && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

int GiveUp(std::string why, Reading* reading) {
  reading->refused = std::move(why);
  return DIRENT_ABORT;
}

int TakeEntry(ext2_ino_t folder, int /*entry*/, ext2_dir_entry* dirent,
              int /*offset*/, int /*block_size*/, char* /*buffer*/,
              void* context) {
  Reading& reading = *static_cast<Reading*>(context);
  unsigned int size = 0;
  if (ext2fs_get_rec_len(reading.file_system, dirent, &size) != 0 ||
      !reading.room->TakeFolder(size).has_value()) {
    return GiveUp("more bytes than there are", &reading);
  }
  if (dirent->inode == 0) {
    return 0;  // free, or a checksum
  }
  const std::string_view name(
      dirent->name, static_cast<std::size_t>(ext2fs_dirent_name_len(dirent)));
  if (name == "." || name == "..") {
    return TakeDots(name, folder, dirent->inode, &reading)
               ? 0
               : GiveUp("a second or wrong '" + std::string(name) + "'",
                        &reading);
  }
  if (!CanBeExt4Name(name)) {
    return GiveUp("a name that no folder can have", &reading);
  }
  if (!reading.names.emplace(name, dirent->inode).second) {
    return GiveUp("'" + std::string(name) + "' twice", &reading);
  }
  return 0;
}

}  // namespace

Result<Ext4Names> ReadExt4Folder(const Ext4FileSystem& file_system,
                                 std::uint32_t inode, Ext4Room* room) {
  Reading reading{.file_system = file_system.get(), .room = room};
  const errcode_t code =
      ext2fs_dir_iterate2(file_system.get(), inode, DIRENT_FLAG_INCLUDE_EMPTY,
                          nullptr, TakeEntry, &reading);
  if (!reading.refused.empty()) {
    return Error(Reason::kFileInvalid,
                 "the folder has " + std::move(reading.refused));
  }
  if (code != 0) {
    return file_system.Failure("the folder", code);
  }
  return std::move(reading.names);
}

}  // namespace tdxvfs::image
