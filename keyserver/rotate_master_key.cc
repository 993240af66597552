// SPDX-License-Identifier: Apache-2.0
#include "keyserver/rotate_master_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "common/file.h"
#include "common/secret.h"
#include "common/sync_directory.h"
#include "keyserver/admin/store_client.h"
#include "keyserver/keys/master_key.h"
#include "keyserver/secret_source.h"

namespace tdxvfs::keyserver {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kKeyMode = 0600;

struct Files {
  fs::path key, next, previous;
};

Files FilesOf(const fs::path& key) {
  return {key, key.string() + ".next", key.string() + ".previous"};
}

Result<bool> IsThere(const fs::path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    return true;
  }
  if (errno != ENOENT) {
    return SystemError(Reason::kFileUnreadable, "'" + path.string() + "'",
                       errno);
  }
  return false;
}

// Whether both names are the same file: a rotation was ended between keeping
// the earlier key and putting the new one in its place.
bool IsSameFile(const fs::path& one, const fs::path& other) {
  struct stat first {};
  struct stat second {};
  return lstat(one.c_str(), &first) == 0 &&
         lstat(other.c_str(), &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

// The new key file belongs to whom the earlier one belongs to.
Result<void> MakeNextKey(const Files& files) {
  struct stat status {};
  if (stat(files.key.c_str(), &status) != 0) {
    return SystemError(Reason::kConfigMissing, "'" + files.key.string() + "'",
                       errno);
  }
  ASSIGN_OR_RETURN(const Secret key, Secret::Random(MasterKey::kSize));
  RETURN_IF_ERROR(WriteNewFile(files.next, key.Reveal(), kKeyMode));
  if (geteuid() == 0 &&
      chown(files.next.c_str(), status.st_uid, status.st_gid) != 0) {
    return SystemError(Reason::kPermission, "'" + files.next.string() + "'",
                       errno);
  }
  return {};
}

// The name of the key is there at every moment.
Result<void> PutInPlace(const Files& files) {
  if (link(files.key.c_str(), files.previous.c_str()) != 0 &&
      !(errno == EEXIST && IsSameFile(files.key, files.previous))) {
    return SystemError(Reason::kFileUnwritable,
                       "keep '" + files.previous.string() + "'", errno);
  }
  if (rename(files.next.c_str(), files.key.c_str()) != 0) {
    return SystemError(Reason::kFileUnwritable,
                       "replace '" + files.key.string() + "'", errno);
  }
  return SyncDirectoryOf(files.key);
}

// A rotation that ended after its key was in place, and before the server was
// told, leaves the new key in the store, sealed under the earlier one. The
// server takes a key in exchange for itself only when it is the store's.
Result<void> FinishEarlier(const Secret& key, StoreClient* server) {
  RETURN_IF_ERROR(server->RotateMasterKey(key, key));
  return server->FinishRotation();
}

}  // namespace

fs::path MasterKeyFile(const Config& config, const fs::path& config_file) {
  return config.master_key.starts_with('/')
             ? fs::path(config.master_key)
             : fs::absolute(config_file).parent_path() / "master.key";
}

Result<std::string> RotateMasterKey(const Config& config,
                                    const fs::path& key_file) {
  if (!key_file.is_absolute()) {
    return Error(Reason::kUsage, "the key file needs an absolute path");
  }
  const Files files = FilesOf(key_file);
  ASSIGN_OR_RETURN(const Secret earlier,
                   LoadSecret(files.key.string(), MasterKey::kSize));
  StoreClient server(config.admin_socket);
  ASSIGN_OR_RETURN(const bool begun, IsThere(files.next));
  ASSIGN_OR_RETURN(const bool kept, IsThere(files.previous));
  if (kept && !IsSameFile(files.key, files.previous)) {
    if (!begun) {
      RETURN_IF_ERROR(FinishEarlier(earlier, &server));
    }
    return Error(Reason::kAlreadyExists,
                 "'" + files.previous.string() +
                     "' is there: the key of an earlier rotation; move it to "
                     "the backups that it opens");
  }
  if (!begun) {
    RETURN_IF_ERROR(MakeNextKey(files));
  }
  ASSIGN_OR_RETURN(const Secret next,
                   LoadSecret(files.next.string(), MasterKey::kSize));
  auto rotated = server.RotateMasterKey(earlier, next);
  if (!rotated.has_value()) {
    if (!begun && rotated.error().reason() == Reason::kStoreKeyWrong) {
      unlink(files.next.c_str());
    }
    rotated.error().AddContext("'" + key_file.string() + "'");
    return rotated.error();
  }
  RETURN_IF_ERROR(PutInPlace(files));
  RETURN_IF_ERROR(server.FinishRotation());
  return "master key rotated: '" + files.key.string() +
         "' is the new one.\nThe earlier one is '" + files.previous.string() +
         "': backups made before now open with it alone; keep it with them.\n";
}

}  // namespace tdxvfs::keyserver
