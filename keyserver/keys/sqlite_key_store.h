// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_SQLITE_KEY_STORE_H_
#define TDXVFS_KEYSERVER_KEYS_SQLITE_KEY_STORE_H_

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keyserver/keys/key_store.h"
#include "keyserver/keys/master_key.h"
#include "keyserver/keys/sqlite_statement.h"

namespace tdxvfs::keyserver {

// The embedded store: one SQLite file, held exclusively while open. Passphrases
// and policies are sealed under the master key; the description of a version
// is associated data of its passphrase, so that a record that was changed or
// moved does not open.
class SqliteKeyStore : public KeyStore {
 public:
  // Opens the file, or makes it when nothing is there (its directory must
  // exist). Fails with kStoreLocked when another server holds it,
  // kStoreKeyWrong, kStoreInvalid (damaged; never recreated), kStoreNewer, or
  // kAnchorChanged when it was made for another trust anchor.
  static Result<std::unique_ptr<SqliteKeyStore>> Open(
      const std::filesystem::path& path, MasterKey master_key,
      const Sha256Digest& anchor_digest);

  // Makes the store belong to another trust anchor, on purpose. Fails as Open,
  // but for kAnchorChanged.
  static Result<void> ChangeAnchor(const std::filesystem::path& path,
                                   MasterKey master_key,
                                   const Sha256Digest& anchor_digest);

  Result<std::optional<VolumeRecord>> FindVolume(
      std::string_view volume) override;
  Result<std::vector<VolumeRecord>> ListVolumes() override;
  Result<std::uint32_t> AddVersion(
      std::string_view volume, const VersionDescription& description,
      const Secret& passphrase,
      std::chrono::system_clock::time_point now) override;
  Result<std::vector<VersionRecord>> ListVersions(
      std::string_view volume) override;
  Result<std::optional<VersionRecord>> FindVersion(
      std::string_view volume, const Sha256Digest& header_sha256) override;
  Result<Secret> Passphrase(const VersionRecord& version) override;
  Result<void> RetireVersion(std::string_view volume,
                             std::uint32_t version) override;
  Result<void> SetDisabled(std::string_view volume, bool disabled) override;
  Result<void> PutPolicy(std::string_view volume,
                         std::string_view json) override;
  Result<void> CheckHealth() override;

 private:
  SqliteKeyStore(SqlitePtr database, MasterKey master_key)
      : database_(std::move(database)), master_key_(std::move(master_key)) {}

  static Result<std::unique_ptr<SqliteKeyStore>> OpenFile(
      const std::filesystem::path& path, MasterKey master_key);
  static Result<void> CreateFile(const std::filesystem::path& path,
                                 const MasterKey& master_key);
  Result<void> CheckMasterKey();
  Result<std::vector<std::uint8_t>> ReadAnchor();
  Result<void> WriteAnchor(const Sha256Digest& anchor_digest);
  Result<SqliteStatement> Prepare(std::string_view sql);
  Result<VolumeRecord> ReadVolume(const SqliteStatement& row);
  Result<void> RequireVolume(std::string_view volume);
  Result<std::uint32_t> NextVersion(std::string_view volume,
                                    const Sha256Digest& header_sha256);

  std::mutex mutex_;
  SqlitePtr database_;
  MasterKey master_key_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_SQLITE_KEY_STORE_H_
