// SPDX-License-Identifier: Apache-2.0
// Volumes and versions of a SqliteKeyStore.
#include "keyserver/keys/sqlite_key_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/json_text.h"

namespace tdxvfs::keyserver {

Result<SqliteStatement> SqliteKeyStore::Prepare(std::string_view sql) {
  return kept_.Prepare(sql);
}

Result<VolumeRecord> SqliteKeyStore::VolumeOf(std::string name,
                                              const VolumeState& state) {
  VolumeRecord volume{std::move(name), state.disabled, std::nullopt,
                      state.policy_number};
  if (state.policy_number != 0) {
    ASSIGN_OR_RETURN(PolicyRecord policy,
                     rows().ReadPolicyRow(volume.name, state.policy_number));
    volume.policy_json = std::move(policy.json);
  }
  return volume;
}

Result<std::optional<VolumeRecord>> SqliteKeyStore::FindVolume(
    std::string_view volume) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const std::optional<VolumeState> state,
                   rows().FindVolume(volume));
  if (!state.has_value()) {
    return std::optional<VolumeRecord>();
  }
  ASSIGN_OR_RETURN(VolumeRecord record, VolumeOf(std::string(volume), *state));
  return std::optional(std::move(record));
}

Result<VolumeRecord> SqliteKeyStore::ReadVolume(const std::string& name) {
  ASSIGN_OR_RETURN(const VolumeState state, rows().RequireVolume(name));
  return VolumeOf(name, state);
}

Result<std::vector<Listed<VolumeRecord>>> SqliteKeyStore::ListVolumes(
    std::string_view after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare("SELECT name FROM volumes WHERE name > ? "
                           "ORDER BY name LIMIT ?"));
  query.Bind(after).Bind(static_cast<std::int64_t>(limit));
  std::vector<Listed<VolumeRecord>> volumes;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) {
      return volumes;
    }
    const std::string name = query.Text(0);
    RETURN_IF_ERROR(AddListed(name, 0, ReadVolume(name), &volumes));
  }
}

Result<std::uint32_t> SqliteKeyStore::AddVersion(
    std::string_view volume, const VersionDescription& description,
    const Secret& passphrase, TimePoint now) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(SqliteTransaction transaction,
                   SqliteTransaction::Begin(database_.get()));
  ASSIGN_OR_RETURN(const std::optional<VolumeState> known,
                   rows().FindVolume(volume));
  if (!known.has_value()) {
    RETURN_IF_ERROR(rows().PutVolume(volume, {}));
  }
  ASSIGN_OR_RETURN(const std::optional<VersionRecord> same,
                   rows().FindVersion(volume, description.header_sha256));
  if (same.has_value()) {
    return Error(Reason::kAlreadyExists,
                 "volume '" + std::string(volume) +
                     "': this header is registered already, as version " +
                     std::to_string(same->version));
  }
  ASSIGN_OR_RETURN(SqliteStatement last,
                   Prepare("SELECT COALESCE(MAX(version), 0) FROM versions "
                           "WHERE volume = ?"));
  RETURN_IF_ERROR(last.Bind(volume).Step());
  VersionRecord record;
  record.volume = volume;
  record.version = static_cast<std::uint32_t>(last.Number(0)) + 1;
  record.description = description;
  record.created = JsonTime(now);
  RETURN_IF_ERROR(rows().AddVersion(record, passphrase.Reveal()));
  RETURN_IF_ERROR(transaction.Commit());
  return record.version;
}

Result<std::vector<Listed<VersionRecord>>> SqliteKeyStore::ListVersions(
    std::string_view volume) {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(rows().RequireVolume(volume));
  return rows().ListVersions(volume);
}

Result<std::optional<VersionRecord>> SqliteKeyStore::FindVersion(
    std::string_view volume, const Sha256Digest& header_sha256) {
  const std::lock_guard lock(mutex_);
  return rows().FindVersion(volume, header_sha256);
}

Result<Secret> SqliteKeyStore::Passphrase(const VersionRecord& version) {
  const std::lock_guard lock(mutex_);
  return rows().ReadPassphrase(version);
}

Result<void> SqliteKeyStore::ChangeVersion(
    std::string_view volume, std::uint32_t version,
    const std::function<Result<void>(VersionRecord*)>& change) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(SqliteTransaction transaction,
                   SqliteTransaction::Begin(database_.get()));
  ASSIGN_OR_RETURN(VersionRecord record,
                   rows().RequireVersion(volume, version));
  RETURN_IF_ERROR(change(&record));
  RETURN_IF_ERROR(rows().UpdateVersion(record));
  RETURN_IF_ERROR(IndexDeletion(record));
  return transaction.Commit();
}

Result<void> SqliteKeyStore::RetireVersion(std::string_view volume,
                                           std::uint32_t version) {
  return ChangeVersion(volume, version, [](VersionRecord* record) {
    record->retired = true;
    return Result<void>();
  });
}

Result<void> SqliteKeyStore::SetDisabled(std::string_view volume,
                                         bool disabled) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(VolumeState state, rows().RequireVolume(volume));
  state.disabled = disabled;
  return rows().PutVolume(volume, state);
}

Result<void> SqliteKeyStore::NoteFile() {
  struct stat status {};
  if (stat(path_.c_str(), &status) != 0) {
    return SystemError(Reason::kStoreInvalid, "find the file", errno);
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
  return {};
}

// SQLite would go on with a file that was removed or moved away: what is
// changed in it would be gone with this server's end.
Result<void> SqliteKeyStore::CheckInPlace() const {
  const std::string name = "key store '" + path_.string() + "'";
  struct stat status {};
  if (stat(path_.c_str(), &status) != 0 || access(path_.c_str(), W_OK) != 0) {
    return SystemError(Reason::kStoreInvalid, name, errno);
  }
  if (status.st_dev != device_ || status.st_ino != inode_) {
    return Error(Reason::kStoreInvalid,
                 name +
                     " is another file than the one that this server has "
                     "open; put that one back, or stop the server");
  }
  return {};
}

Result<void> SqliteKeyStore::CheckHealth() {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(CheckInPlace());
  return CheckMasterKey();
}

}  // namespace tdxvfs::keyserver
