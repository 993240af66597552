// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_STORE_COPY_H_
#define TDXVFS_KEYSERVER_KEYS_STORE_COPY_H_

#include <filesystem>
#include <mutex>

#include "common/result.h"
#include "keyserver/keys/sqlite_statement.h"

namespace tdxvfs::keyserver {

// Copies an open store to a new file, its owner's alone, by SQLite's online
// backup: what others write through the same connection meanwhile is in the
// copy. The copy is whole and synced, or not there. `lock`, if any, is what
// orders the users of the connection; it is held for milliseconds at a time.
// Fails with kAlreadyExists (nothing is overwritten), kNoSpace, kFileUnwritable
// (the folder), else kConfigInvalid.
Result<void> CopyStore(sqlite3* database, const std::filesystem::path& copy,
                       std::mutex* lock = nullptr);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_STORE_COPY_H_
