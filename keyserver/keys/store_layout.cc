// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/store_layout.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "keyserver/keys/sealed_rows.h"
#include "keyserver/keys/store_file.h"

namespace tdxvfs::keyserver {
namespace {

// What is in a database, by type and name, and how it was made.
using Layout = std::map<std::string, std::string>;

Result<Layout> SchemaOf(sqlite3* database) {
  ASSIGN_OR_RETURN(
      SqliteStatement query,
      SqliteStatement::Prepare(
          database,
          "SELECT type || ' ' || name, tbl_name || ': ' || COALESCE(sql, '') "
          "FROM sqlite_schema"));
  Layout layout;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) {
      return layout;
    }
    layout.emplace(query.Text(0), query.Text(1));
  }
}

Result<Layout> ExpectedLayout() {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open(":memory:", &opened);
  const SqlitePtr database(opened);
  if (code != SQLITE_OK) {
    return SqliteError(opened, "open");
  }
  RETURN_IF_ERROR(Execute(database.get(), kSchema));
  return SchemaOf(database.get());
}

// The one text that a query gives.
Result<std::string> QueryText(sqlite3* database, std::string_view sql) {
  ASSIGN_OR_RETURN(SqliteStatement query,
                   SqliteStatement::Prepare(database, sql));
  RETURN_IF_ERROR(query.Step());
  return query.Text(0);
}

// Tables and columns of schemas 1 and 2, by name and in order.
Result<bool> IsOfEarlierSchema(std::int64_t schema, sqlite3* database) {
  ASSIGN_OR_RETURN(
      const std::string tables,
      QueryText(database,
                "SELECT group_concat(name) FROM (SELECT name FROM "
                "sqlite_schema WHERE type = 'table' ORDER BY name)"));
  ASSIGN_OR_RETURN(
      const std::string columns,
      QueryText(database,
                "SELECT group_concat(name) FROM pragma_table_info('versions') "
                "WHERE name != 'verity'"));
  ASSIGN_OR_RETURN(
      const std::string verity,
      QueryText(database,
                "SELECT count(*) FROM pragma_table_info('versions') WHERE "
                "name = 'verity'"));
  return tables == "meta,versions,volumes" &&
         columns ==
             "volume,version,uuid,header_size,header_sha256,header_profile,"
             "file_system,mount_options,created,retired,passphrase" &&
         (verity == "1") == (schema == 2);
}

}  // namespace

Result<void> CheckLayoutOf(std::int64_t schema, sqlite3* database) {
  if (schema == kSchemaVersion) {
    return CheckLayout(database);
  }
  ASSIGN_OR_RETURN(const bool matches, IsOfEarlierSchema(schema, database));
  if (!matches) {
    return Error(Reason::kStoreInvalid,
                 "the store says that it is of schema version " +
                     std::to_string(schema) +
                     ", but its tables are not; the number was changed, or the "
                     "file was put together from several. Nothing was changed");
  }
  return {};
}

Result<void> CheckLayout(sqlite3* database) {
  ASSIGN_OR_RETURN(const Layout expected, ExpectedLayout());
  ASSIGN_OR_RETURN(const Layout found, SchemaOf(database));
  for (const auto& [name, made] : found) {
    const auto known = expected.find(name);
    if (known == expected.end() || known->second != made) {
      return Error(Reason::kStoreInvalid,
                   "the store has a " + name + " that is not of its layout");
    }
  }
  if (found.size() != expected.size()) {
    return Error(Reason::kStoreInvalid, "a table of the store is missing");
  }
  return {};
}

}  // namespace tdxvfs::keyserver
