// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/store_layout.h"

#include <map>
#include <string>
#include <utility>

#include "keyserver/keys/sealed_rows.h"

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

}  // namespace

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
