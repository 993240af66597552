// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_SQLITE_STATEMENT_H_
#define TDXVFS_KEYSERVER_KEYS_SQLITE_STATEMENT_H_

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/owned_openssl.h"
#include "common/result.h"

namespace tdxvfs::keyserver {

using SqlitePtr = std::unique_ptr<sqlite3, FreeWith<sqlite3_close_v2>>;

// An error with SQLite's own words. kStoreLocked when another process holds the
// file, kStoreInvalid when it is damaged or no database, kNoSpace when the disk
// is full, else kInternal.
Error SqliteError(sqlite3* database, std::string_view message,
                  const char* file = __builtin_FILE(),
                  int line = __builtin_LINE());

// Runs statements that return nothing.
Result<void> Execute(sqlite3* database, const std::string& sql);

class KeptStatements;

// Finalizes a statement, or gives it back to those it was taken from.
struct StatementEnd {
  KeptStatements* kept = nullptr;
  void operator()(sqlite3_stmt* statement) const;
};
using StatementPtr = std::unique_ptr<sqlite3_stmt, StatementEnd>;

// One prepared statement, from binding to its last row. Bound text and bytes
// must outlive it. Not thread-safe.
class SqliteStatement {
 public:
  static Result<SqliteStatement> Prepare(sqlite3* database,
                                         std::string_view sql);

  SqliteStatement& Bind(std::string_view text);
  SqliteStatement& Bind(std::span<const std::uint8_t> bytes);
  SqliteStatement& Bind(std::int64_t number);
  SqliteStatement& BindNull();

  // The next row: false when there is none.
  Result<bool> Step();
  // For statements without rows.
  Result<void> Run();

  std::string Text(int column) const;
  std::vector<std::uint8_t> Bytes(int column) const;
  std::int64_t Number(int column) const;
  bool IsNull(int column) const;

 private:
  friend class KeptStatements;
  explicit SqliteStatement(StatementPtr statement)
      : statement_(std::move(statement)) {}

  StatementPtr statement_;
  int bound_ = 0;
};

// Statements of one connection that are kept for their next use: parsing one
// costs more than running it. It must outlive the statements that it gives and
// end before the connection. Not thread-safe, and neither are its statements:
// the same lock covers them until they are destroyed.
class KeptStatements {
 public:
  // `database` outlives it.
  explicit KeptStatements(sqlite3* database) : database_(database) {}

  // Like SqliteStatement::Prepare. For texts of which there are few: each is
  // kept until the end.
  Result<SqliteStatement> Prepare(std::string_view sql);

 private:
  friend struct StatementEnd;
  void GiveBack(sqlite3_stmt* statement);

  sqlite3* const database_;
  // Null while the statement is in use.
  std::map<std::string, StatementPtr, std::less<>> idle_;
};

// Rolls back when destroyed, unless committed.
class SqliteTransaction {
 public:
  static Result<SqliteTransaction> Begin(sqlite3* database);
  SqliteTransaction(SqliteTransaction&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();
  Result<void> Commit();

 private:
  explicit SqliteTransaction(sqlite3* database) : database_(database) {}
  sqlite3* database_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_SQLITE_STATEMENT_H_
