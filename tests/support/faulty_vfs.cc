// SPDX-License-Identifier: Apache-2.0
#include "tests/support/faulty_vfs.h"

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tdxvfs::testing {
namespace {

constexpr int kKilled = 137;
constexpr int kMetFault = 86;
constexpr int kClean = 0;

// The state of the one faulty file system of this process.
int changes_left = 0;
Fault fault_kind = Fault::kKill;
bool fault_met = false;
sqlite3_vfs* real_vfs = nullptr;

// SQLITE_OK, or what the change that is about to be made meets.
int MeetChange() {
  if (!fault_met && --changes_left > 0) {
    return SQLITE_OK;
  }
  fault_met = true;
  switch (fault_kind) {
    case Fault::kKill:
      _exit(kKilled);
    case Fault::kFull:
      return SQLITE_FULL;
    case Fault::kReadOnly:
      return SQLITE_READONLY;
  }
  return SQLITE_ERROR;
}

// A file of ours and, behind it, the real one.
struct FaultyFile {
  sqlite3_file base;
  sqlite3_file* real;
};

sqlite3_file* RealOf(sqlite3_file* file) {
  return reinterpret_cast<FaultyFile*>(file)->real;
}

int Close(sqlite3_file* file) {
  sqlite3_file* const real = RealOf(file);
  const int code = real->pMethods->xClose(real);
  std::free(real);
  return code;
}
int Read(sqlite3_file* file, void* data, int size, sqlite3_int64 at) {
  return RealOf(file)->pMethods->xRead(RealOf(file), data, size, at);
}
int Write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
  const int met = MeetChange();
  return met != SQLITE_OK
             ? met
             : RealOf(file)->pMethods->xWrite(RealOf(file), data, size, at);
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int met = MeetChange();
  return met != SQLITE_OK
             ? met
             : RealOf(file)->pMethods->xTruncate(RealOf(file), size);
}
int Sync(sqlite3_file* file, int flags) {
  const int met = MeetChange();
  return met != SQLITE_OK ? met
                          : RealOf(file)->pMethods->xSync(RealOf(file), flags);
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return RealOf(file)->pMethods->xFileSize(RealOf(file), size);
}
int Lock(sqlite3_file* file, int level) {
  return RealOf(file)->pMethods->xLock(RealOf(file), level);
}
int Unlock(sqlite3_file* file, int level) {
  return RealOf(file)->pMethods->xUnlock(RealOf(file), level);
}
int CheckReservedLock(sqlite3_file* file, int* result) {
  return RealOf(file)->pMethods->xCheckReservedLock(RealOf(file), result);
}
int FileControl(sqlite3_file* file, int op, void* argument) {
  return RealOf(file)->pMethods->xFileControl(RealOf(file), op, argument);
}
int SectorSize(sqlite3_file* file) {
  return RealOf(file)->pMethods->xSectorSize(RealOf(file));
}
int Characteristics(sqlite3_file* file) {
  return RealOf(file)->pMethods->xDeviceCharacteristics(RealOf(file));
}

// Version 1 methods: no shared memory, no mapping, so that every change comes
// by Write.
constexpr sqlite3_io_methods kMethods = {1,
                                         Close,
                                         Read,
                                         Write,
                                         Truncate,
                                         Sync,
                                         FileSize,
                                         Lock,
                                         Unlock,
                                         CheckReservedLock,
                                         FileControl,
                                         SectorSize,
                                         Characteristics,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr};

int Open(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags,
         int* out_flags) {
  auto* const faulty = reinterpret_cast<FaultyFile*>(file);
  faulty->base.pMethods = nullptr;
  if ((flags & SQLITE_OPEN_CREATE) != 0) {
    if (const int met = MeetChange(); met != SQLITE_OK) {
      return SQLITE_CANTOPEN;
    }
  }
  faulty->real = static_cast<sqlite3_file*>(
      std::calloc(1, static_cast<std::size_t>(real_vfs->szOsFile)));
  const int code =
      real_vfs->xOpen(real_vfs, name, faulty->real, flags, out_flags);
  if (code != SQLITE_OK) {
    std::free(faulty->real);
    return code;
  }
  faulty->base.pMethods = &kMethods;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* /*vfs*/, const char* name, int sync_folder) {
  const int met = MeetChange();
  return met != SQLITE_OK ? SQLITE_IOERR_DELETE
                          : real_vfs->xDelete(real_vfs, name, sync_folder);
}

}  // namespace

void FailSqliteAt(int at, Fault fault) {
  static sqlite3_vfs faulty;
  changes_left = at;
  fault_kind = fault;
  real_vfs = sqlite3_vfs_find(nullptr);
  faulty = *real_vfs;
  faulty.zName = "faulty";
  faulty.szOsFile = sizeof(FaultyFile);
  faulty.xOpen = Open;
  faulty.xDelete = Delete;
  sqlite3_vfs_register(&faulty, 1);
}

bool RunWithFault(int at, Fault fault, const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    FailSqliteAt(at, fault);
    work();
    _exit(fault_met ? kMetFault : kClean);
  }
  EXPECT_GT(child, 0);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_THAT((std::array{kKilled, kMetFault, kClean}),
              ::testing::Contains(WEXITSTATUS(status)));
  return WEXITSTATUS(status) != kClean;
}

}  // namespace tdxvfs::testing
