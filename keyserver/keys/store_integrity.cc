// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/store_integrity.h"

#include <string>
#include <string_view>

#include "keyserver/keys/sqlite_statement.h"
#include "keyserver/keys/store_file.h"

namespace tdxvfs::keyserver {
namespace {

// Reading all of a larger file would make the start slow; what is damaged there
// is found when it is read, since every record is sealed.
constexpr std::int64_t kMaxQuickCheck = 32LL * 1024 * 1024;  // bytes

Result<std::int64_t> QueryNumber(sqlite3* database, std::string_view sql) {
  ASSIGN_OR_RETURN(SqliteStatement query,
                   SqliteStatement::Prepare(database, sql));
  RETURN_IF_ERROR(query.Step());
  return query.Number(0);
}

Result<void> CheckIntegrity(sqlite3* database) {
  ASSIGN_OR_RETURN(const std::int64_t pages,
                   QueryNumber(database, "PRAGMA page_count"));
  ASSIGN_OR_RETURN(const std::int64_t page_size,
                   QueryNumber(database, "PRAGMA page_size"));
  return pages * page_size > kMaxQuickCheck ? Result<void>()
                                            : QuickCheck(database);
}

}  // namespace

Result<void> QuickCheck(sqlite3* database) {
  ASSIGN_OR_RETURN(SqliteStatement check,
                   SqliteStatement::Prepare(database, "PRAGMA quick_check"));
  RETURN_IF_ERROR(check.Step());
  if (check.Text(0) != "ok") {
    return Error(Reason::kStoreInvalid, "damaged: " + check.Text(0));
  }
  return {};
}

Result<std::int64_t> CheckSchema(sqlite3* database) {
  ASSIGN_OR_RETURN(const std::int64_t version,
                   QueryNumber(database, "PRAGMA user_version"));
  if (version > kSchemaVersion) {
    return Error(Reason::kStoreNewer,
                 "schema version " + std::to_string(version) +
                     " was written by a newer program; this one knows " +
                     std::to_string(kSchemaVersion));
  }
  if (version < 1) {
    return Error(Reason::kStoreInvalid, "not a key store");
  }
  RETURN_IF_ERROR(CheckIntegrity(database));
  return version;
}

}  // namespace tdxvfs::keyserver
