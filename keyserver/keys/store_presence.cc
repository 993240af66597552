// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/store_presence.h"

#include <errno.h>
#include <sys/stat.h>

#include <string>

namespace tdxvfs::keyserver {

Result<bool> StoreIsPresent(const std::filesystem::path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode) || status.st_size == 0) {
      return Error(Reason::kStoreInvalid, "not a regular file with content");
    }
    return true;
  }
  if (errno != ENOENT) {
    return SystemError(Reason::kConfigInvalid, "open", errno);
  }
  const std::string journal = path.string() + "-journal";
  if (lstat(journal.c_str(), &status) == 0) {
    return Error(Reason::kStoreInvalid,
                 "there is no store, but the journal of one, '" + journal +
                     "': move it to where the store went");
  }
  if (errno != ENOENT) {
    return SystemError(Reason::kConfigInvalid, "'" + journal + "'", errno);
  }
  return false;
}

Result<void> CheckNotLost(const std::filesystem::path& path,
                          const std::filesystem::path& log) {
  ASSIGN_OR_RETURN(const bool present, StoreIsPresent(path));
  struct stat status {};
  if (present) {
    return {};
  }
  if (lstat(log.c_str(), &status) != 0) {
    return errno == ENOENT ? Result<void>()
                           : SystemError(Reason::kConfigInvalid,
                                         "'" + log.string() + "'", errno);
  }
  return Error(Reason::kStoreInvalid,
               "there is none, but '" + log.string() +
                   "' was written by a server that had one; to begin anew, "
                   "move that log away");
}

}  // namespace tdxvfs::keyserver
