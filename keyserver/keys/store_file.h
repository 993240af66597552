// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_STORE_FILE_H_
#define TDXVFS_KEYSERVER_KEYS_STORE_FILE_H_

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "common/result.h"
#include "keyserver/keys/master_key.h"
#include "keyserver/keys/sealed_rows.h"
#include "keyserver/keys/sqlite_statement.h"

namespace tdxvfs::keyserver {

// The newest schema that this program writes and reads (PRAGMA user_version).
inline constexpr std::int64_t kSchemaVersion = 3;

// The record that names the store's trust anchor.
inline constexpr std::string_view kAnchorRecord = "anchor";

// Writes the record that tells the store's master key from others.
Result<void> WriteKeyCheck(const SealedRows& rows);

// The new master key of a rotation that was not finished, out of the record
// that the earlier one opens. Fails with kStoreKeyWrong when there is no such
// record or `earlier` does not open it.
Result<MasterKey> FindNextKey(sqlite3* database, const MasterKey& earlier);

// Opens a key store's file as it is, whatever its schema, for use by one
// process alone from the first transaction on. Fails as SqliteError.
Result<SqlitePtr> OpenStoreFile(const std::filesystem::path& path);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_STORE_FILE_H_
