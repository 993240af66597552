// SPDX-License-Identifier: Apache-2.0
#include "common/sync_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/unique_fd.h"

namespace tdxvfs {

Result<void> SyncDirectoryOf(const std::filesystem::path& path) {
  const auto parent =
      path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const UniqueFd directory(
      open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || fsync(directory.get()) != 0) {
    return SystemError(Reason::kFileUnwritable,
                       "sync '" + parent.string() + "'", errno);
  }
  return {};
}

}  // namespace tdxvfs
