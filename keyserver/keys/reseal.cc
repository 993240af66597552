// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/reseal.h"

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tdxvfs::keyserver {
namespace {

using Sealed = std::vector<std::uint8_t>;

// A store is read in pieces, so that no statement reads a table that another
// one changes.
constexpr std::string_view kPiece = " LIMIT 500";

struct Row {
  std::string name;          // of the volume
  std::uint32_t number = 0;  // version or policy
  std::int64_t rowid = 0;
  std::vector<Sealed> columns;
};

class Resealing {
 public:
  // `to` is null where the records are only opened.
  Resealing(sqlite3* database, const MasterKey& from, const MasterKey* to)
      : database_(database), from_(from), to_(to) {}

  Result<void> Volumes();
  Result<void> Policies();
  Result<void> Versions();

 private:
  Result<Sealed> Reseal(const RecordIdentity& identity,
                        std::span<const std::uint8_t> sealed) const {
    ASSIGN_OR_RETURN(
        const Secret plaintext,
        from_.Unseal(identity, sealed)
            .Context("volume '" + std::string(identity.name) + "'"));
    return to_ == nullptr ? Sealed() : to_->Seal(identity, plaintext.Reveal());
  }
  Result<SqliteStatement> Prepare(const std::string& sql) const {
    return SqliteStatement::Prepare(database_, sql);
  }
  // Rows behind `rowid`: name, number, rowid and the other columns.
  Result<std::vector<Row>> ReadPiece(const std::string& sql, std::int64_t rowid,
                                     int columns) const;

  sqlite3* const database_;
  const MasterKey& from_;
  const MasterKey* const to_;
};

Result<std::vector<Row>> Resealing::ReadPiece(const std::string& sql,
                                              std::int64_t rowid,
                                              int columns) const {
  ASSIGN_OR_RETURN(
      SqliteStatement query,
      Prepare(sql + " WHERE rowid > ? ORDER BY rowid" + std::string(kPiece)));
  query.Bind(rowid);
  std::vector<Row> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) {
      return rows;
    }
    Row row{query.Text(0),
            static_cast<std::uint32_t>(query.Number(1)),
            query.Number(2),
            {}};
    for (int column = 0; column < columns; ++column) {
      row.columns.push_back(query.Bytes(3 + column));
    }
    rows.push_back(std::move(row));
  }
}

// Volumes have no rowid: they go by name.
Result<void> Resealing::Volumes() {
  std::string last;
  while (true) {
    std::vector<Row> rows;
    {
      ASSIGN_OR_RETURN(SqliteStatement query,
                       Prepare("SELECT name, state FROM volumes WHERE name > ? "
                               "ORDER BY name" +
                               std::string(kPiece)));
      query.Bind(last);
      while (true) {
        ASSIGN_OR_RETURN(const bool found, query.Step());
        if (!found) {
          break;
        }
        rows.push_back({query.Text(0), 0, 0, {query.Bytes(1)}});
      }
    }
    if (rows.empty()) {
      return {};
    }
    for (const Row& row : rows) {
      ASSIGN_OR_RETURN(const Sealed state,
                       Reseal({"volume", row.name}, row.columns[0]));
      if (to_ == nullptr) {
        continue;
      }
      ASSIGN_OR_RETURN(SqliteStatement update,
                       Prepare("UPDATE volumes SET state = ? WHERE name = ?"));
      RETURN_IF_ERROR(update.Bind(state).Bind(row.name).Run());
    }
    last = rows.back().name;
  }
}

Result<void> Resealing::Policies() {
  std::int64_t last = 0;
  while (true) {
    ASSIGN_OR_RETURN(
        const std::vector<Row> rows,
        ReadPiece("SELECT volume, number, rowid, policy FROM policies", last,
                  1));
    if (rows.empty()) {
      return {};
    }
    for (const Row& row : rows) {
      ASSIGN_OR_RETURN(
          const Sealed policy,
          Reseal({"policy", row.name, row.number}, row.columns[0]));
      if (to_ == nullptr) {
        continue;
      }
      ASSIGN_OR_RETURN(
          SqliteStatement update,
          Prepare("UPDATE policies SET policy = ? WHERE rowid = ?"));
      RETURN_IF_ERROR(update.Bind(policy).Bind(row.rowid).Run());
    }
    last = rows.back().rowid;
  }
}

Result<void> Resealing::Versions() {
  std::int64_t last = 0;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<Row> rows,
                     ReadPiece("SELECT volume, version, rowid, description, "
                               "state, COALESCE(passphrase, X'') FROM versions",
                               last, 3));
    if (rows.empty()) {
      return {};
    }
    for (const Row& row : rows) {
      const Sealed& described = row.columns[0];
      ASSIGN_OR_RETURN(
          const Sealed state,
          Reseal({"version", row.name, row.number, described}, row.columns[1]));
      Sealed passphrase;
      if (!row.columns[2].empty()) {
        ASSIGN_OR_RETURN(passphrase,
                         Reseal({"passphrase", row.name, row.number, described},
                                row.columns[2]));
      }
      if (to_ == nullptr) {
        continue;
      }
      ASSIGN_OR_RETURN(SqliteStatement update,
                       Prepare("UPDATE versions SET state = ?, passphrase = ? "
                               "WHERE rowid = ?"));
      update.Bind(state);
      if (row.columns[2].empty()) {
        update.BindNull();
      } else {
        update.Bind(passphrase);
      }
      RETURN_IF_ERROR(update.Bind(row.rowid).Run());
    }
    last = rows.back().rowid;
  }
}

}  // namespace

Result<void> ResealRecords(sqlite3* database, const MasterKey& from,
                           const MasterKey& to) {
  Resealing resealing(database, from, &to);
  RETURN_IF_ERROR(resealing.Volumes());
  RETURN_IF_ERROR(resealing.Policies());
  return resealing.Versions();
}

Result<void> CheckRecords(sqlite3* database, const MasterKey& key) {
  Resealing opening(database, key, nullptr);
  RETURN_IF_ERROR(opening.Volumes());
  RETURN_IF_ERROR(opening.Policies());
  return opening.Versions();
}

}  // namespace tdxvfs::keyserver
