// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/sqlite_key_store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/hex.h"
#include "common/json_text.h"
#include "keyserver/keys/verity_column.h"
#include "keyserver/keys/version_row.h"

namespace tdxvfs::keyserver {
namespace {

Error UnknownVolume(std::string_view volume) {
  return {Reason::kVolumeUnknown,
          "the key store knows no volume '" + std::string(volume) + "'"};
}

}  // namespace

Result<SqliteStatement> SqliteKeyStore::Prepare(std::string_view sql) {
  return SqliteStatement::Prepare(database_.get(), sql);
}

Result<VolumeRecord> SqliteKeyStore::ReadVolume(const SqliteStatement& row) {
  VolumeRecord volume{row.Text(0), row.Number(1) != 0, std::nullopt};
  if (row.IsNull(2)) {
    return volume;
  }
  const std::vector<std::uint8_t> sealed = row.Bytes(2);
  auto policy = master_key_.Unseal({"policy", volume.name}, sealed);
  if (!policy.has_value()) {
    policy.error().AddContext("policy of volume '" + volume.name + "'");
    return std::move(policy).error();
  }
  volume.policy_json = std::string(AsText(policy->Reveal()));
  return volume;
}

Result<std::optional<VolumeRecord>> SqliteKeyStore::FindVolume(
    std::string_view volume) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(
      SqliteStatement query,
      Prepare("SELECT name, disabled, policy FROM volumes WHERE name = ?"));
  ASSIGN_OR_RETURN(const bool found, query.Bind(volume).Step());
  if (!found) {
    return std::optional<VolumeRecord>();
  }
  ASSIGN_OR_RETURN(VolumeRecord record, ReadVolume(query));
  return std::optional(std::move(record));
}

Result<std::vector<VolumeRecord>> SqliteKeyStore::ListVolumes() {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(
      SqliteStatement query,
      Prepare("SELECT name, disabled, policy FROM volumes ORDER BY name"));
  std::vector<VolumeRecord> volumes;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) {
      return volumes;
    }
    ASSIGN_OR_RETURN(VolumeRecord record, ReadVolume(query));
    volumes.push_back(std::move(record));
  }
}

Result<void> SqliteKeyStore::RequireVolume(std::string_view volume) {
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare("SELECT 1 FROM volumes WHERE name = ?"));
  ASSIGN_OR_RETURN(const bool found, query.Bind(volume).Step());
  if (!found) {
    return UnknownVolume(volume);
  }
  return {};
}

Result<std::uint32_t> SqliteKeyStore::NextVersion(
    std::string_view volume, const Sha256Digest& header_sha256) {
  ASSIGN_OR_RETURN(SqliteStatement same,
                   Prepare("SELECT version FROM versions "
                           "WHERE volume = ? AND header_sha256 = ?"));
  ASSIGN_OR_RETURN(const bool exists,
                   same.Bind(volume).Bind(header_sha256).Step());
  if (exists) {
    return Error(Reason::kAlreadyExists,
                 "volume '" + std::string(volume) +
                     "': this header is registered already, as version " +
                     std::to_string(same.Number(0)));
  }
  ASSIGN_OR_RETURN(SqliteStatement last,
                   Prepare("SELECT COALESCE(MAX(version), 0) FROM versions "
                           "WHERE volume = ?"));
  RETURN_IF_ERROR(last.Bind(volume).Step());
  return static_cast<std::uint32_t>(last.Number(0)) + 1;
}

Result<std::uint32_t> SqliteKeyStore::AddVersion(
    std::string_view volume, const VersionDescription& description,
    const Secret& passphrase, std::chrono::system_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(SqliteTransaction transaction,
                   SqliteTransaction::Begin(database_.get()));
  ASSIGN_OR_RETURN(SqliteStatement add_volume,
                   Prepare("INSERT OR IGNORE INTO volumes(name) VALUES(?)"));
  RETURN_IF_ERROR(add_volume.Bind(volume).Run());
  ASSIGN_OR_RETURN(const std::uint32_t version,
                   NextVersion(volume, description.header_sha256));
  const std::vector<std::uint8_t> described = DescriptionBytes(description);
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> sealed,
                   master_key_.Seal({"passphrase", volume, version, described},
                                    passphrase.Reveal()));
  const std::string mount_options = JoinMountOptions(description.mount_options);
  const std::string created = JsonTime(now);
  const std::string verity = description.verity.has_value()
                                 ? VerityColumn(*description.verity)
                                 : std::string();
  ASSIGN_OR_RETURN(
      SqliteStatement insert,
      Prepare("INSERT INTO versions(volume, version, uuid, header_size, "
              "header_sha256, header_profile, file_system, mount_options, "
              "created, passphrase, verity) "
              "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULLIF(?, ''))"));
  insert.Bind(volume)
      .Bind(std::int64_t{version})
      .Bind(description.uuid)
      .Bind(static_cast<std::int64_t>(description.header_size))
      .Bind(description.header_sha256)
      .Bind(description.header_profile)
      .Bind(description.file_system)
      .Bind(mount_options)
      .Bind(created)
      .Bind(sealed)
      .Bind(verity);
  RETURN_IF_ERROR(insert.Run());
  RETURN_IF_ERROR(transaction.Commit());
  return version;
}

Result<std::vector<VersionRecord>> SqliteKeyStore::ListVersions(
    std::string_view volume) {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(RequireVolume(volume));
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare("SELECT " + std::string(kVersionColumns) +
                           " FROM versions WHERE volume = ? "
                           "ORDER BY version"));
  query.Bind(volume);
  std::vector<VersionRecord> versions;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) {
      return versions;
    }
    ASSIGN_OR_RETURN(VersionRecord record, ReadVersion(query));
    versions.push_back(std::move(record));
  }
}

Result<std::optional<VersionRecord>> SqliteKeyStore::FindVersion(
    std::string_view volume, const Sha256Digest& header_sha256) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare("SELECT " + std::string(kVersionColumns) +
                           " FROM versions "
                           "WHERE volume = ? AND header_sha256 = ?"));
  ASSIGN_OR_RETURN(const bool found,
                   query.Bind(volume).Bind(header_sha256).Step());
  if (!found) {
    return std::optional<VersionRecord>();
  }
  ASSIGN_OR_RETURN(VersionRecord record, ReadVersion(query));
  return std::optional(std::move(record));
}

Result<Secret> SqliteKeyStore::Passphrase(const VersionRecord& version) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare("SELECT passphrase FROM versions "
                           "WHERE volume = ? AND version = ?"));
  ASSIGN_OR_RETURN(
      const bool found,
      query.Bind(version.volume).Bind(std::int64_t{version.version}).Step());
  if (!found) {
    return Error(Reason::kVersionUnknown, "volume '" + version.volume +
                                              "' has no version " +
                                              std::to_string(version.version));
  }
  const std::vector<std::uint8_t> sealed = query.Bytes(0);
  const std::vector<std::uint8_t> described =
      DescriptionBytes(version.description);
  return master_key_
      .Unseal({"passphrase", version.volume, version.version, described},
              sealed)
      .Context("volume '" + version.volume + "' version " +
               std::to_string(version.version));
}

Result<void> SqliteKeyStore::RetireVersion(std::string_view volume,
                                           std::uint32_t version) {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(RequireVolume(volume));
  ASSIGN_OR_RETURN(SqliteStatement update,
                   Prepare("UPDATE versions SET retired = 1 "
                           "WHERE volume = ? AND version = ?"));
  RETURN_IF_ERROR(update.Bind(volume).Bind(std::int64_t{version}).Run());
  if (sqlite3_changes(database_.get()) == 0) {
    return Error(Reason::kVersionUnknown, "volume '" + std::string(volume) +
                                              "' has no version " +
                                              std::to_string(version));
  }
  return {};
}

Result<void> SqliteKeyStore::SetDisabled(std::string_view volume,
                                         bool disabled) {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(RequireVolume(volume));
  ASSIGN_OR_RETURN(SqliteStatement update,
                   Prepare("UPDATE volumes SET disabled = ? WHERE name = ?"));
  return update.Bind(std::int64_t{disabled ? 1 : 0}).Bind(volume).Run();
}

Result<void> SqliteKeyStore::PutPolicy(std::string_view volume,
                                       std::string_view json) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> sealed,
                   master_key_.Seal({"policy", volume}, AsBytes(json)));
  ASSIGN_OR_RETURN(
      SqliteStatement upsert,
      Prepare("INSERT INTO volumes(name, policy) VALUES(?, ?) "
              "ON CONFLICT(name) DO UPDATE SET policy = excluded.policy"));
  return upsert.Bind(volume).Bind(sealed).Run();
}

Result<void> SqliteKeyStore::CheckHealth() {
  const std::lock_guard lock(mutex_);
  return CheckMasterKey();
}

}  // namespace tdxvfs::keyserver
