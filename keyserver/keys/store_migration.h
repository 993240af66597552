// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_STORE_MIGRATION_H_
#define TDXVFS_KEYSERVER_KEYS_STORE_MIGRATION_H_

#include <cstdint>
#include <filesystem>

#include "common/result.h"
#include "keyserver/keys/master_key.h"
#include "keyserver/keys/sqlite_statement.h"

namespace tdxvfs::keyserver {

// Brings a store of an earlier schema to kSchemaVersion, in one transaction,
// after copying it to `PATH.schema-N` (or the first free `PATH.schema-N.2`,
// ...). Nothing is changed when it fails: kStoreInvalid on a record that does
// not open, kNoSpace, kConfigInvalid when the copy cannot be made.
Result<void> MigrateStore(sqlite3* database, const MasterKey& master_key,
                          const std::filesystem::path& path,
                          std::int64_t schema);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_STORE_MIGRATION_H_
