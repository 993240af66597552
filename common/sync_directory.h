// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_SYNC_DIRECTORY_H_
#define TDXVFS_COMMON_SYNC_DIRECTORY_H_

#include <filesystem>

#include "common/result.h"

namespace tdxvfs {

// Syncs the directory that a path lies in: a name that was given or taken there
// is so after a power cut, too. Fails with kFileUnwritable.
Result<void> SyncDirectoryOf(const std::filesystem::path& path);

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_SYNC_DIRECTORY_H_
