// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/sqlite_statement.h"

#include <utility>

namespace tdxvfs::keyserver {
namespace {

Reason ReasonOf(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Reason::kStoreLocked;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_SCHEMA:
      return Reason::kStoreInvalid;
    case SQLITE_FULL:
      return Reason::kNoSpace;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Reason::kFileUnwritable;
    default:
      return Reason::kInternal;
  }
}

Result<sqlite3_stmt*> Compile(sqlite3* database, std::string_view sql,
                              unsigned flags) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                         flags, &statement, nullptr) != SQLITE_OK) {
    return SqliteError(database, "SQLite");
  }
  return statement;
}

}  // namespace

Error SqliteError(sqlite3* database, std::string_view message, const char* file,
                  int line) {
  return {ReasonOf(sqlite3_errcode(database)),
          std::string(message) + ": " + sqlite3_errmsg(database), file, line};
}

Result<void> Execute(sqlite3* database, const std::string& sql) {
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) !=
      SQLITE_OK) {
    return SqliteError(database, "SQLite");
  }
  return {};
}

void StatementEnd::operator()(sqlite3_stmt* statement) const {
  if (kept != nullptr) {
    kept->GiveBack(statement);
  } else {
    (void)sqlite3_finalize(statement);
  }
}

Result<SqliteStatement> SqliteStatement::Prepare(sqlite3* database,
                                                 std::string_view sql) {
  ASSIGN_OR_RETURN(sqlite3_stmt* const statement, Compile(database, sql, 0));
  return SqliteStatement(StatementPtr(statement));
}

Result<SqliteStatement> KeptStatements::Prepare(std::string_view sql) {
  const auto found = idle_.find(sql);
  if (found != idle_.end() && found->second != nullptr) {
    return SqliteStatement(
        StatementPtr(found->second.release(), StatementEnd{this}));
  }
  ASSIGN_OR_RETURN(sqlite3_stmt* const statement,
                   Compile(database_, sql, SQLITE_PREPARE_PERSISTENT));
  return SqliteStatement(StatementPtr(statement, StatementEnd{this}));
}

// Reset, so that it holds no lock on the file, and without what was bound.
void KeptStatements::GiveBack(sqlite3_stmt* statement) {
  StatementPtr owned(statement);
  (void)sqlite3_reset(statement);
  (void)sqlite3_clear_bindings(statement);
  const std::string_view sql = sqlite3_sql(statement);
  if (const auto found = idle_.find(sql); found != idle_.end()) {
    found->second = std::move(owned);
  } else {
    idle_.emplace(sql, std::move(owned));
  }
}

SqliteStatement& SqliteStatement::Bind(std::string_view text) {
  sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

SqliteStatement& SqliteStatement::Bind(std::span<const std::uint8_t> bytes) {
  sqlite3_bind_blob64(statement_.get(), ++bound_, bytes.data(), bytes.size(),
                      SQLITE_STATIC);
  return *this;
}

SqliteStatement& SqliteStatement::Bind(std::int64_t number) {
  sqlite3_bind_int64(statement_.get(), ++bound_, number);
  return *this;
}

SqliteStatement& SqliteStatement::BindNull() {
  sqlite3_bind_null(statement_.get(), ++bound_);
  return *this;
}

Result<bool> SqliteStatement::Step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return SqliteError(sqlite3_db_handle(statement_.get()), "SQLite");
  }
}

Result<void> SqliteStatement::Run() {
  ASSIGN_OR_RETURN(const bool has_row, Step());
  if (has_row) {
    return Error(Reason::kInternal, "key store: a row where none was expected");
  }
  return {};
}

std::string SqliteStatement::Text(int column) const {
  const std::vector<std::uint8_t> bytes = Bytes(column);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::uint8_t> SqliteStatement::Bytes(int column) const {
  const auto* const data = static_cast<const std::uint8_t*>(
      sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::vector<std::uint8_t>()
                         : std::vector<std::uint8_t>(data, data + size);
}

std::int64_t SqliteStatement::Number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

bool SqliteStatement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Result<SqliteTransaction> SqliteTransaction::Begin(sqlite3* database) {
  RETURN_IF_ERROR(Execute(database, "BEGIN IMMEDIATE"));
  return SqliteTransaction(database);
}

SqliteTransaction::~SqliteTransaction() {
  if (database_ != nullptr) {
    (void)sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

Result<void> SqliteTransaction::Commit() {
  RETURN_IF_ERROR(Execute(database_, "COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace tdxvfs::keyserver
