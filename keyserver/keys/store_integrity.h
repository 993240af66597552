// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_STORE_INTEGRITY_H_
#define TDXVFS_KEYSERVER_KEYS_STORE_INTEGRITY_H_

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>

#include "common/result.h"

namespace tdxvfs::keyserver {

// The schema of a store's file that is open, which is looked over unless it is
// large. Fails with kStoreNewer, and with kStoreInvalid when it is no store or
// damaged.
Result<std::int64_t> CheckSchema(sqlite3* database);

// Whether the file is as long as its first page says: SQLite passes over what
// was appended. Fails with kStoreInvalid.
Result<void> CheckSize(sqlite3* database, const std::filesystem::path& path);

// Looks all of the file over. Fails with kStoreInvalid.
Result<void> QuickCheck(sqlite3* database);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_STORE_INTEGRITY_H_
