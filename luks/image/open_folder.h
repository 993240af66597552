// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_OPEN_FOLDER_H_
#define TDXVFS_LUKS_IMAGE_OPEN_FOLDER_H_

#include <dirent.h>
#include <fcntl.h>

#include <memory>

namespace tdxvfs::image {

// How a folder is opened that nobody may have put a link in place of.
inline constexpr int kFolderFlags =
    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct CloseFolder {
  void operator()(DIR* folder) const { (void)::closedir(folder); }
};
using FolderPtr = std::unique_ptr<DIR, CloseFolder>;

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_OPEN_FOLDER_H_
