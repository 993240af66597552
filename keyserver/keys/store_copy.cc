// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/store_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "common/sync_directory.h"
#include "common/unique_fd.h"

namespace tdxvfs::keyserver {
namespace {

// Few enough that a release waits milliseconds for the connection.
constexpr int kPagesAtATime = 256;
constexpr std::chrono::milliseconds kPause{1};

// Takes the unfinished copy away when it goes.
class Unfinished {
 public:
  explicit Unfinished(std::filesystem::path path) : path_(std::move(path)) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() { unlink(path_.c_str()); }
  const std::filesystem::path& path() const { return path_; }

 private:
  const std::filesystem::path path_;
};

// A backup's step, its beginning and its end touch the source's connection.
std::unique_lock<std::mutex> Held(std::mutex* lock) {
  return lock == nullptr ? std::unique_lock<std::mutex>()
                         : std::unique_lock(*lock);
}

Result<void> CopyPages(sqlite3* from, const std::filesystem::path& path,
                       std::mutex* lock) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr);
  const SqlitePtr to(opened);
  if (code != SQLITE_OK) {
    return SqliteError(opened, "open");
  }
  // Nobody reads a copy that was not finished, so it needs no journal.
  RETURN_IF_ERROR(Execute(to.get(), "PRAGMA journal_mode = OFF"));
  std::unique_lock<std::mutex> held = Held(lock);
  sqlite3_backup* const backup =
      sqlite3_backup_init(to.get(), "main", from, "main");
  if (backup == nullptr) {
    return SqliteError(to.get(), "begin a copy");
  }
  int step = SQLITE_OK;
  while (step == SQLITE_OK) {
    step = sqlite3_backup_step(backup, kPagesAtATime);
    if (held.owns_lock()) {
      // A mutex is not fair: without a pause this thread would take it again
      // before any other that waits for it.
      held.unlock();
      std::this_thread::sleep_for(kPause);
      held.lock();
    }
  }
  const int finished = sqlite3_backup_finish(backup);
  if (step != SQLITE_DONE || finished != SQLITE_OK) {
    return SqliteError(to.get(), "copy");
  }
  return {};
}

}  // namespace

Result<void> CopyStore(sqlite3* database, const std::filesystem::path& copy,
                       std::mutex* lock) {
  const std::string context = "copy to '" + copy.string() + "'";
  std::filesystem::path name = copy;
  name += ".partial";
  unlink(name.c_str());
  const UniqueFd file(
      open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) {
    return SystemError(Reason::kConfigInvalid, context, errno);
  }
  const Unfinished unfinished(name);
  RETURN_IF_ERROR(CopyPages(database, name, lock).Context(context));
  if (fsync(file.get()) != 0) {
    return SystemError(Reason::kConfigInvalid, context, errno);
  }
  if (link(name.c_str(), copy.c_str()) != 0) {
    return SystemError(
        errno == EEXIST ? Reason::kAlreadyExists : Reason::kConfigInvalid,
        context, errno);
  }
  return SyncDirectoryOf(copy);
}

}  // namespace tdxvfs::keyserver
