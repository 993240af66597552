// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/sealed_rows.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tdxvfs::keyserver {
namespace {

using ByteSpan = std::span<const std::uint8_t>;

constexpr std::string_view kVersionQuery =
    "SELECT volume, version, header_sha256, description, state FROM versions ";

std::string NameOf(std::string_view volume, std::uint32_t version) {
  return "volume '" + std::string(volume) + "' version " +
         std::to_string(version);
}

Error UnknownVersion(std::string_view volume, std::uint32_t version) {
  return {Reason::kVersionUnknown, "volume '" + std::string(volume) +
                                       "' has no version " +
                                       std::to_string(version)};
}

}  // namespace

Result<std::optional<VolumeState>> SealedRows::FindVolume(
    std::string_view volume) const {
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare("SELECT state FROM volumes WHERE name = ?"));
  ASSIGN_OR_RETURN(const bool found, query.Bind(volume).Step());
  if (!found) {
    return std::optional<VolumeState>();
  }
  const std::string context = "volume '" + std::string(volume) + "'";
  ASSIGN_OR_RETURN(
      const std::vector<std::uint8_t> bytes,
      key_->UnsealRecord({"volume", volume}, query.Bytes(0)).Context(context));
  ASSIGN_OR_RETURN(const VolumeState state,
                   ReadVolumeState(bytes).Context(context));
  return std::optional(state);
}

Result<VolumeState> SealedRows::RequireVolume(std::string_view volume) const {
  ASSIGN_OR_RETURN(const std::optional<VolumeState> state, FindVolume(volume));
  if (!state.has_value()) {
    return Error(Reason::kVolumeUnknown,
                 "the key store knows no volume '" + std::string(volume) + "'");
  }
  return *state;
}

Result<void> SealedRows::PutVolume(std::string_view volume,
                                   const VolumeState& state) const {
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> sealed,
                   key_->Seal({"volume", volume}, WriteVolumeState(state)));
  ASSIGN_OR_RETURN(
      SqliteStatement upsert,
      Prepare("INSERT INTO volumes(name, state) VALUES(?, ?) "
              "ON CONFLICT(name) DO UPDATE SET state = excluded.state"));
  return upsert.Bind(volume).Bind(sealed).Run();
}

Result<PolicyRecord> SealedRows::ReadPolicyRow(std::string_view volume,
                                               std::uint32_t number) const {
  const std::string context = "policy " + std::to_string(number) +
                              " of volume '" + std::string(volume) + "'";
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare("SELECT policy FROM policies "
                           "WHERE volume = ? AND number = ?"));
  ASSIGN_OR_RETURN(const bool found,
                   query.Bind(volume).Bind(std::int64_t{number}).Step());
  if (!found) {
    return Error(Reason::kStoreInvalid, context + " is missing");
  }
  ASSIGN_OR_RETURN(
      const std::vector<std::uint8_t> bytes,
      key_->UnsealRecord({"policy", volume, number}, query.Bytes(0))
          .Context(context));
  return ReadPolicy(number, bytes).Context(context);
}

Result<void> SealedRows::AddPolicy(std::string_view volume,
                                   const PolicyRecord& policy) const {
  ASSIGN_OR_RETURN(
      const std::vector<std::uint8_t> sealed,
      key_->Seal({"policy", volume, policy.number}, WritePolicy(policy)));
  ASSIGN_OR_RETURN(SqliteStatement insert,
                   Prepare("INSERT INTO policies VALUES(?, ?, ?)"));
  return insert.Bind(volume)
      .Bind(std::int64_t{policy.number})
      .Bind(sealed)
      .Run();
}

// A row whose clear columns were changed does not open: the description is
// associated data, and the digest that it was found by is compared.
Result<VersionRecord> SealedRows::ReadVersion(
    const SqliteStatement& row) const {
  VersionRecord record;
  record.volume = row.Text(0);
  record.version = static_cast<std::uint32_t>(row.Number(1));
  const std::string context = NameOf(record.volume, record.version);
  const std::vector<std::uint8_t> described = row.Bytes(3);
  ASSIGN_OR_RETURN(
      const std::vector<std::uint8_t> state,
      key_->UnsealRecord({"version", record.volume, record.version, described},
                         row.Bytes(4))
          .Context(context));
  RETURN_IF_ERROR(ReadVersionState(state, &record).Context(context));
  ASSIGN_OR_RETURN(record.description,
                   ReadDescriptionRecord(described).Context(context));
  if (!std::ranges::equal(row.Bytes(2), record.description.header_sha256)) {
    return Error(Reason::kStoreInvalid,
                 context + ": kept under another header digest than its own");
  }
  return record;
}

Result<VersionRecord> SealedRows::RequireVersion(std::string_view volume,
                                                 std::uint32_t version) const {
  RETURN_IF_ERROR(RequireVolume(volume));
  ASSIGN_OR_RETURN(
      SqliteStatement query,
      Prepare(std::string(kVersionQuery) + "WHERE volume = ? AND version = ?"));
  ASSIGN_OR_RETURN(const bool found,
                   query.Bind(volume).Bind(std::int64_t{version}).Step());
  if (!found) {
    return UnknownVersion(volume, version);
  }
  return ReadVersion(query);
}

Result<std::optional<VersionRecord>> SealedRows::FindVersion(
    std::string_view volume, const Sha256Digest& header_sha256) const {
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare(std::string(kVersionQuery) +
                           "WHERE volume = ? AND header_sha256 = ?"));
  ASSIGN_OR_RETURN(const bool found,
                   query.Bind(volume).Bind(header_sha256).Step());
  if (!found) {
    return std::optional<VersionRecord>();
  }
  ASSIGN_OR_RETURN(VersionRecord record, ReadVersion(query));
  return std::optional(std::move(record));
}

Result<std::vector<Listed<VersionRecord>>> SealedRows::ListVersions(
    std::string_view volume) const {
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare(std::string(kVersionQuery) +
                           "WHERE volume = ? ORDER BY version"));
  query.Bind(volume);
  std::vector<Listed<VersionRecord>> versions;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) {
      return versions;
    }
    RETURN_IF_ERROR(AddListed(volume,
                              static_cast<std::uint32_t>(query.Number(1)),
                              ReadVersion(query), &versions));
  }
}

Result<std::vector<std::uint8_t>> SealedRows::SealState(
    const VersionRecord& record, ByteSpan description) const {
  return key_->Seal({"version", record.volume, record.version, description},
                    WriteVersionState(record));
}

Result<void> SealedRows::AddVersion(const VersionRecord& record,
                                    ByteSpan passphrase) const {
  const std::vector<std::uint8_t> described =
      WriteDescription(record.description);
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> state,
                   SealState(record, described));
  ASSIGN_OR_RETURN(
      const std::vector<std::uint8_t> sealed,
      key_->Seal({"passphrase", record.volume, record.version, described},
                 passphrase));
  ASSIGN_OR_RETURN(SqliteStatement insert,
                   Prepare("INSERT INTO versions VALUES(?, ?, ?, ?, ?, ?)"));
  return insert.Bind(record.volume)
      .Bind(std::int64_t{record.version})
      .Bind(record.description.header_sha256)
      .Bind(described)
      .Bind(state)
      .Bind(sealed)
      .Run();
}

Result<SqliteStatement> SealedRows::FindRow(const VersionRecord& record) const {
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare("SELECT description, passphrase FROM versions "
                           "WHERE volume = ? AND version = ?"));
  ASSIGN_OR_RETURN(
      const bool found,
      query.Bind(record.volume).Bind(std::int64_t{record.version}).Step());
  if (!found) {
    return UnknownVersion(record.volume, record.version);
  }
  return query;
}

// The description's bytes are taken from the row, not written again: a later
// program may write the same description in another way.
Result<std::vector<std::uint8_t>> SealedRows::DescriptionIn(
    const SqliteStatement& row, const VersionRecord& record) {
  std::vector<std::uint8_t> described = row.Bytes(0);
  ASSIGN_OR_RETURN(const VersionDescription description,
                   ReadDescriptionRecord(described));
  if (description != record.description) {
    return Error(Reason::kStoreInvalid, NameOf(record.volume, record.version) +
                                            ": its description changed");
  }
  return described;
}

Result<void> SealedRows::UpdateVersion(const VersionRecord& record) const {
  ASSIGN_OR_RETURN(const SqliteStatement row, FindRow(record));
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> described,
                   DescriptionIn(row, record));
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> state,
                   SealState(record, described));
  ASSIGN_OR_RETURN(SqliteStatement update,
                   Prepare("UPDATE versions SET state = ?, passphrase = "
                           "CASE ? WHEN 1 THEN NULL ELSE passphrase END "
                           "WHERE volume = ? AND version = ?"));
  return update.Bind(state)
      .Bind(std::int64_t{record.destroyed ? 1 : 0})
      .Bind(record.volume)
      .Bind(std::int64_t{record.version})
      .Run();
}

Result<Secret> SealedRows::ReadPassphrase(const VersionRecord& record) const {
  ASSIGN_OR_RETURN(const SqliteStatement row, FindRow(record));
  if (row.IsNull(1)) {
    return UnknownVersion(record.volume, record.version);
  }
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> described,
                   DescriptionIn(row, record));
  return key_
      ->Unseal({"passphrase", record.volume, record.version, described},
               row.Bytes(1))
      .Context(NameOf(record.volume, record.version));
}

Result<std::optional<std::vector<std::uint8_t>>> SealedRows::FindMeta(
    std::string_view name) const {
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare("SELECT value FROM meta WHERE name = ?"));
  ASSIGN_OR_RETURN(const bool found, query.Bind(name).Step());
  if (!found) {
    return std::optional<std::vector<std::uint8_t>>();
  }
  ASSIGN_OR_RETURN(std::vector<std::uint8_t> value,
                   key_->UnsealRecord({name, ""}, query.Bytes(0)));
  return std::optional(std::move(value));
}

Result<void> SealedRows::PutMeta(std::string_view name,
                                 ByteSpan plaintext) const {
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> sealed,
                   key_->Seal({name, ""}, plaintext));
  ASSIGN_OR_RETURN(SqliteStatement replace,
                   Prepare("INSERT OR REPLACE INTO meta VALUES(?, ?)"));
  return replace.Bind(name).Bind(sealed).Run();
}

}  // namespace tdxvfs::keyserver
