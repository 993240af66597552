// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_STORE_LAYOUT_H_
#define TDXVFS_KEYSERVER_KEYS_STORE_LAYOUT_H_

#include <cstdint>

#include "common/result.h"
#include "keyserver/keys/sqlite_statement.h"

namespace tdxvfs::keyserver {

// Whether a store of the newest schema has exactly the tables and indexes that
// this program makes. A trigger that somebody put into the file could undo what
// an administrator does, row by row and with every seal intact. Fails with
// kStoreInvalid naming what differs.
Result<void> CheckLayout(sqlite3* database);

// The same for the schema that a store says it has. Of an earlier one, tables
// and columns are compared by name. A version number that was set back, say by
// a restored or edited file, is found here, before anything is migrated.
Result<void> CheckLayoutOf(std::int64_t schema, sqlite3* database);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_STORE_LAYOUT_H_
