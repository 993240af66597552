// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/store_integrity.h"

#include <string>
#include <string_view>
#include <system_error>

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

Result<void> CheckSize(sqlite3* database, const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const std::int64_t pages,
                   QueryNumber(database, "PRAGMA page_count"));
  ASSIGN_OR_RETURN(const std::int64_t page_size,
                   QueryNumber(database, "PRAGMA page_size"));
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) {
    return Error(Reason::kStoreInvalid, "size: " + error.message());
  }
  const auto expected = static_cast<std::uintmax_t>(pages * page_size);
  if (size != expected) {
    return Error(Reason::kStoreInvalid,
                 std::to_string(size) + " bytes long instead of the " +
                     std::to_string(expected) + " that its first page names: " +
                     (size > expected ? "something was appended"
                                      : "its end was cut off"));
  }
  return {};
}

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
    return Error(
        Reason::kStoreInvalid,
        "not a key store: its schema version is " + std::to_string(version));
  }
  RETURN_IF_ERROR(CheckIntegrity(database));
  return version;
}

}  // namespace tdxvfs::keyserver
