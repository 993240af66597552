// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_SEALED_ROWS_H_
#define TDXVFS_KEYSERVER_KEYS_SEALED_ROWS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "keyserver/keys/key_store.h"
#include "keyserver/keys/master_key.h"
#include "keyserver/keys/sqlite_statement.h"
#include "keyserver/keys/store_record.h"

namespace tdxvfs::keyserver {

// The tables of schema kSchemaVersion (store_file.h). Every column that a
// decision hangs on is sealed with the identity of its row, or is associated
// data of such a seal.
inline constexpr char kSchema[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL);"
    "CREATE TABLE volumes("
    "  name TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE policies("
    "  volume TEXT NOT NULL REFERENCES volumes(name),"
    "  number INTEGER NOT NULL,"
    "  policy BLOB NOT NULL,"
    "  PRIMARY KEY(volume, number));"
    "CREATE TABLE versions("
    "  volume TEXT NOT NULL REFERENCES volumes(name),"
    "  version INTEGER NOT NULL,"
    "  header_sha256 BLOB NOT NULL,"
    "  description BLOB NOT NULL,"
    "  state BLOB NOT NULL,"
    "  passphrase BLOB,"
    "  PRIMARY KEY(volume, version),"
    "  UNIQUE(volume, header_sha256));"
    // An index of what the sealed states say, so that deletions are found.
    "CREATE TABLE deletions("
    "  volume TEXT NOT NULL, version INTEGER NOT NULL,"
    "  delete_after INTEGER NOT NULL,"
    "  PRIMARY KEY(volume, version)) WITHOUT ROWID;"
    "CREATE TABLE guests("
    "  volume TEXT NOT NULL, version INTEGER NOT NULL, peer TEXT NOT NULL,"
    "  last INTEGER NOT NULL, releases INTEGER NOT NULL,"
    "  PRIMARY KEY(volume, version, peer)) WITHOUT ROWID;";

// Reads and writes the sealed rows through one connection. The caller holds
// the store's lock and, for what belongs together, a transaction. All of
// them outlive it.
class SealedRows {
 public:
  // With `kept`, of the same connection, statements are prepared once.
  SealedRows(sqlite3* database, const MasterKey* key,
             KeptStatements* kept = nullptr)
      : database_(database), key_(key), kept_(kept) {}

  // The state of a volume, or nothing when there is no such volume.
  Result<std::optional<VolumeState>> FindVolume(std::string_view volume) const;
  // Fails with kVolumeUnknown.
  Result<VolumeState> RequireVolume(std::string_view volume) const;
  // Makes the row or replaces it.
  Result<void> PutVolume(std::string_view volume,
                         const VolumeState& state) const;

  // Fails with kStoreInvalid when the row is missing: a state names it.
  Result<PolicyRecord> ReadPolicyRow(std::string_view volume,
                                     std::uint32_t number) const;
  Result<void> AddPolicy(std::string_view volume,
                         const PolicyRecord& policy) const;

  // Fails with kVolumeUnknown or kVersionUnknown.
  Result<VersionRecord> RequireVersion(std::string_view volume,
                                       std::uint32_t version) const;
  Result<std::optional<VersionRecord>> FindVersion(
      std::string_view volume, const Sha256Digest& header_sha256) const;
  // Whether versions and policies are all there and each is kept under its own
  // names, which sealing alone does not say. The newest versions and whole
  // volumes are not missed. Fails with kStoreInvalid.
  Result<void> CheckWhole() const;
  Result<std::vector<Listed<VersionRecord>>> ListVersions(
      std::string_view volume) const;
  // `record` has its number already.
  Result<void> AddVersion(const VersionRecord& record,
                          std::span<const std::uint8_t> passphrase) const;
  // Writes the state of a version that is there.
  Result<void> UpdateVersion(const VersionRecord& record) const;
  Result<Secret> ReadPassphrase(const VersionRecord& record) const;

  // One value of the store itself, by name; nothing when there is none.
  Result<std::optional<std::vector<std::uint8_t>>> FindMeta(
      std::string_view name) const;
  Result<void> PutMeta(std::string_view name,
                       std::span<const std::uint8_t> plaintext) const;

 private:
  Result<SqliteStatement> Prepare(std::string_view sql) const {
    return kept_ != nullptr ? kept_->Prepare(sql)
                            : SqliteStatement::Prepare(database_, sql);
  }
  Result<VersionRecord> ReadVersion(const SqliteStatement& row) const;
  Result<void> CheckVersions() const;
  Result<void> CheckPolicies() const;
  // Of a version: its description and its passphrase.
  Result<SqliteStatement> FindRow(const VersionRecord& record) const;
  static Result<std::vector<std::uint8_t>> DescriptionIn(
      const SqliteStatement& row, const VersionRecord& record);
  Result<std::vector<std::uint8_t>> SealState(
      const VersionRecord& record,
      std::span<const std::uint8_t> description) const;

  sqlite3* const database_;
  const MasterKey* const key_;
  KeptStatements* const kept_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_SEALED_ROWS_H_
