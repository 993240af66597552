// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/store_migration.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "common/hex.h"
#include "keyserver/keys/sealed_rows.h"
#include "keyserver/keys/store_copy.h"
#include "keyserver/keys/store_file.h"
#include "keyserver/keys/store_layout.h"
#include "keyserver/keys/verity_column.h"

namespace tdxvfs::keyserver {
namespace {

constexpr int kMaxCopies = 1000;

// Schema 1 had every member of a description in a column of its own, flags and
// anchor unsealed, and one policy per volume. Schema 2 added verity's column.
constexpr char kToSchema2[] = "ALTER TABLE versions ADD COLUMN verity TEXT;";
constexpr char kSetAside[] =
    "ALTER TABLE meta RENAME TO meta_1;"
    "ALTER TABLE volumes RENAME TO volumes_1;"
    "ALTER TABLE versions RENAME TO versions_1;";
constexpr char kRemove[] =
    "DROP TABLE versions_1; DROP TABLE volumes_1; DROP TABLE meta_1;";

// The name of the copy.
Result<std::string> BackUp(sqlite3* database, const std::filesystem::path& path,
                           std::int64_t schema) {
  const std::string name = path.string() + ".schema-" + std::to_string(schema);
  for (int number = 1; number <= kMaxCopies; ++number) {
    const std::string copy =
        number == 1 ? name : name + "." + std::to_string(number);
    std::error_code ignored;
    if (!std::filesystem::exists(copy, ignored)) {
      RETURN_IF_ERROR(CopyStore(database, copy));
      return copy;
    }
  }
  return Error(Reason::kAlreadyExists,
               "too many copies '" + name + ".N'; move some away");
}

// What the seal of a passphrase vouched for in schemas 1 and 2.
std::vector<std::uint8_t> DescriptionBytes2(
    const VersionDescription& description, std::string_view mount_options) {
  std::string text;
  const auto add = [&text](std::string_view field) {
    text += std::to_string(field.size()) + ":" + std::string(field);
  };
  add(description.uuid);
  add(std::to_string(description.header_size));
  add(AsText(description.header_sha256));
  add(description.header_profile);
  add(description.file_system);
  add(mount_options);
  if (description.verity.has_value()) {
    add(VerityColumn(*description.verity));
  }
  return {text.begin(), text.end()};
}

std::vector<std::string> Split(std::string_view joined) {
  std::vector<std::string> parts;
  while (!joined.empty()) {
    const std::size_t comma = std::min(joined.find(','), joined.size());
    parts.emplace_back(joined.substr(0, comma));
    joined.remove_prefix(std::min(comma + 1, joined.size()));
  }
  return parts;
}

Result<VersionRecord> ReadVersion2(const SqliteStatement& row) {
  VersionRecord record;
  record.volume = row.Text(0);
  record.version = static_cast<std::uint32_t>(row.Number(1));
  VersionDescription& description = record.description;
  description.uuid = row.Text(2);
  description.header_size = static_cast<std::uint64_t>(row.Number(3));
  const std::vector<std::uint8_t> digest = row.Bytes(4);
  if (digest.size() != description.header_sha256.size()) {
    return Error(Reason::kStoreInvalid,
                 "volume '" + record.volume + "': a header digest of " +
                     std::to_string(digest.size()) + " bytes");
  }
  std::ranges::copy(digest, description.header_sha256.begin());
  description.header_profile = row.Text(5);
  description.file_system = row.Text(6);
  description.mount_options = Split(row.Text(7));
  record.retired = row.Number(8) != 0;
  record.created = row.Text(9);
  if (!row.IsNull(11)) {
    ASSIGN_OR_RETURN(description.verity, ReadVerityColumn(row.Text(11)));
  }
  return record;
}

Result<void> CopyVersions(sqlite3* database, const MasterKey& key) {
  const SealedRows rows(database, &key);
  ASSIGN_OR_RETURN(
      SqliteStatement query,
      SqliteStatement::Prepare(
          database,
          "SELECT volume, version, uuid, header_size, header_sha256, "
          "header_profile, file_system, mount_options, retired, created, "
          "passphrase, verity FROM versions_1 ORDER BY volume, version"));
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) {
      return {};
    }
    ASSIGN_OR_RETURN(const VersionRecord record, ReadVersion2(query));
    ASSIGN_OR_RETURN(
        const Secret passphrase,
        key.Unseal({"passphrase", record.volume, record.version,
                    DescriptionBytes2(record.description, query.Text(7))},
                   query.Bytes(10))
            .Context("volume '" + record.volume + "' version " +
                     std::to_string(record.version)));
    RETURN_IF_ERROR(rows.AddVersion(record, passphrase.Reveal()));
  }
}

Result<void> CopyVolumes(sqlite3* database, const MasterKey& key) {
  const SealedRows rows(database, &key);
  ASSIGN_OR_RETURN(
      SqliteStatement query,
      SqliteStatement::Prepare(database,
                               "SELECT name, disabled, policy FROM volumes_1"));
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) {
      return {};
    }
    const std::string name = query.Text(0);
    const bool has_policy = !query.IsNull(2);
    RETURN_IF_ERROR(
        rows.PutVolume(name, {query.Number(1) != 0, has_policy ? 1U : 0U}));
    if (!has_policy) {
      continue;
    }
    ASSIGN_OR_RETURN(const std::vector<std::uint8_t> json,
                     key.UnsealRecord({"policy", name}, query.Bytes(2))
                         .Context("policy of volume '" + name + "'"));
    RETURN_IF_ERROR(
        rows.AddPolicy(name, {1, std::string(AsText(json)), "", ""}));
  }
}

Result<void> CopyMeta(sqlite3* database, const MasterKey& key) {
  RETURN_IF_ERROR(Execute(database,
                          "INSERT INTO meta SELECT name, value FROM meta_1 "
                          "WHERE name = 'key-check'"));
  ASSIGN_OR_RETURN(
      SqliteStatement query,
      SqliteStatement::Prepare(
          database, "SELECT value FROM meta_1 WHERE name = 'anchor'"));
  ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) {
    return {};
  }
  return SealedRows(database, &key).PutMeta("anchor", query.Bytes(0));
}

Result<void> Convert(sqlite3* database, const MasterKey& master_key,
                     std::int64_t schema) {
  ASSIGN_OR_RETURN(SqliteTransaction transaction,
                   SqliteTransaction::Begin(database));
  if (schema == 1) {
    RETURN_IF_ERROR(Execute(database, kToSchema2));
  }
  RETURN_IF_ERROR(Execute(database, kSetAside));
  RETURN_IF_ERROR(Execute(database, kSchema));
  RETURN_IF_ERROR(CopyVolumes(database, master_key));
  RETURN_IF_ERROR(CopyVersions(database, master_key));
  RETURN_IF_ERROR(CopyMeta(database, master_key));
  RETURN_IF_ERROR(Execute(database, kRemove));
  RETURN_IF_ERROR(Execute(
      database, "PRAGMA user_version = " + std::to_string(kSchemaVersion)));
  // A store with more in it than this program made stays as it is.
  RETURN_IF_ERROR(CheckLayout(database));
  return transaction.Commit();
}

}  // namespace

Result<void> MigrateStore(sqlite3* database, const MasterKey& master_key,
                          const std::filesystem::path& path,
                          std::int64_t schema) {
  ASSIGN_OR_RETURN(const std::string copy, BackUp(database, path, schema));
  auto converted = Convert(database, master_key, schema);
  if (!converted.has_value()) {
    // Nothing was changed, and a service that starts again and again must not
    // fill the disk with copies.
    std::error_code ignored;
    std::filesystem::remove(copy, ignored);
  }
  return converted;
}

}  // namespace tdxvfs::keyserver
