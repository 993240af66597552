// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_SQLITE_KEY_STORE_H_
#define TDXVFS_KEYSERVER_KEYS_SQLITE_KEY_STORE_H_

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keyserver/keys/key_store.h"
#include "keyserver/keys/master_key.h"
#include "keyserver/keys/sealed_rows.h"
#include "keyserver/keys/sqlite_statement.h"
#include "keyserver/keys/store_upkeep.h"

namespace tdxvfs::keyserver {

// The embedded store: one SQLite file, held exclusively while open. Every
// record that a decision hangs on is sealed under the master key with its place
// as associated data (sealed_rows.h), so that a record that was changed or
// moved does not open. What sealing cannot tell is that a record, or the whole
// file, was put back to an earlier state of itself.
class SqliteKeyStore : public KeyStore, public StoreUpkeep {
 public:
  // Opens the file, or makes it when nothing is there (its directory must
  // exist). A file of an earlier schema is migrated, after a backup beside it.
  // Fails with kStoreLocked when another server holds it, kStoreKeyWrong,
  // kStoreInvalid (damaged; never recreated), kStoreNewer, or kAnchorChanged
  // when it was made for another trust anchor.
  static Result<std::unique_ptr<SqliteKeyStore>> Open(
      const std::filesystem::path& path, MasterKey master_key,
      const Sha256Digest& anchor_digest);

  // Makes the store belong to another trust anchor, on purpose. Fails as Open,
  // but for kAnchorChanged.
  static Result<void> ChangeAnchor(const std::filesystem::path& path,
                                   MasterKey master_key,
                                   const Sha256Digest& anchor_digest);

  // Whether this is a whole store of a schema that this program reads, without
  // changing it. Fails with kStoreInvalid or kStoreNewer.
  static Result<void> CheckFile(const std::filesystem::path& path);
  // Whether Open would take this key: the store is sealed under it, or it is
  // the earlier one of a rotation that was not finished; and whether every
  // sealed record opens. Fails with kStoreKeyWrong or kStoreInvalid.
  static Result<void> CheckKey(const std::filesystem::path& path,
                               const MasterKey& master_key);

  Result<std::optional<VolumeRecord>> FindVolume(
      std::string_view volume) override;
  Result<std::vector<Listed<VolumeRecord>>> ListVolumes(
      std::string_view after, std::size_t limit) override;
  Result<std::uint32_t> AddVersion(std::string_view volume,
                                   const VersionDescription& description,
                                   const Secret& passphrase,
                                   TimePoint now) override;
  Result<std::vector<Listed<VersionRecord>>> ListVersions(
      std::string_view volume) override;
  Result<std::optional<VersionRecord>> FindVersion(
      std::string_view volume, const Sha256Digest& header_sha256) override;
  Result<Secret> Passphrase(const VersionRecord& version) override;
  Result<void> RetireVersion(std::string_view volume,
                             std::uint32_t version) override;
  Result<void> SetDisabled(std::string_view volume, bool disabled) override;
  Result<void> SetLimits(std::string_view volume, std::uint32_t version,
                         const VersionLimits& limits) override;
  Result<void> SetDeletion(
      std::string_view volume, std::uint32_t version,
      std::optional<std::chrono::sys_seconds> delete_after) override;
  Result<std::vector<Listed<VersionRecord>>> ListDue(TimePoint now) override;
  Result<bool> Destroy(std::string_view volume, std::uint32_t version,
                       TimePoint now) override;
  Result<void> TakeRelease(std::string_view volume, std::uint32_t version,
                           TimePoint now) override;
  Result<void> GiveBack(std::string_view volume,
                        std::uint32_t version) override;
  Result<std::uint32_t> PutPolicy(std::string_view volume,
                                  std::string_view json,
                                  std::string_view author,
                                  TimePoint now) override;
  Result<PolicyRecord> FindPolicy(std::string_view volume,
                                  std::uint32_t number) override;
  Result<std::vector<Listed<PolicyRecord>>> ListPolicies(
      std::string_view volume, std::size_t limit) override;
  Result<void> NoteGuests(std::string_view volume,
                          const std::vector<GuestSeen>& guests) override;
  Result<std::vector<GuestSeen>> ListGuests(std::string_view volume,
                                            std::size_t limit) override;
  Result<void> CheckHealth() override;

  Result<void> RotateMasterKey(const MasterKey& earlier,
                               MasterKey next) override;
  Result<void> FinishRotation() override;
  Result<UniqueFd> Copy() override;

 private:
  SqliteKeyStore(std::filesystem::path path, SqlitePtr database,
                 MasterKey master_key)
      : path_(std::move(path)),
        database_(std::move(database)),
        kept_(database_.get()),
        master_key_(std::move(master_key)) {}

  static Result<std::unique_ptr<SqliteKeyStore>> OpenFile(
      const std::filesystem::path& path, MasterKey master_key);
  static Result<void> CreateFile(const std::filesystem::path& path,
                                 const MasterKey& master_key);
  Result<void> CheckMasterKey();
  // Whether the open file is the one that has the store's name.
  Result<void> NoteFile();
  Result<void> CheckInPlace() const;
  Result<void> SettleMasterKey();
  Result<void> TakeNextKey();
  Result<void> DropNextKey();
  Result<void> CheckAnchor(const Sha256Digest& anchor_digest);
  Result<SqliteStatement> Prepare(std::string_view sql);
  // With the lock held, also until the statements are gone.
  SealedRows rows() { return {database_.get(), &master_key_, &kept_}; }
  Result<VolumeRecord> VolumeOf(std::string name, const VolumeState& state);
  // Fails with kVolumeUnknown.
  Result<VolumeRecord> ReadVolume(const std::string& name);
  // Reads a version, lets `change` change it and writes it back, in one
  // transaction.
  Result<void> ChangeVersion(
      std::string_view volume, std::uint32_t version,
      const std::function<Result<void>(VersionRecord*)>& change);
  Result<void> IndexDeletion(const VersionRecord& record);

  const std::filesystem::path path_;
  dev_t device_ = 0;  // of the file, with its number
  ino_t inode_ = 0;
  std::mutex copying_;
  std::mutex mutex_;
  SqlitePtr database_;
  KeptStatements kept_;
  MasterKey master_key_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_SQLITE_KEY_STORE_H_
