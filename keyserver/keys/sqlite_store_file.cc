// SPDX-License-Identifier: Apache-2.0
// Opening, making and recognising the file of a SqliteKeyStore.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/hex.h"
#include "common/unique_fd.h"
#include "keyserver/keys/reseal.h"
#include "keyserver/keys/sqlite_key_store.h"
#include "keyserver/keys/store_file.h"
#include "keyserver/keys/store_integrity.h"
#include "keyserver/keys/store_layout.h"
#include "keyserver/keys/store_migration.h"
#include "keyserver/keys/store_presence.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::string_view kKeyCheckText = "tdxvfs key store";
constexpr std::string_view kKeyCheck = "key-check";

// Rows are overwritten when deleted, and the file stays locked from the first
// transaction until it is closed, so that no second server can use it.
constexpr char kPragmas[] =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = DELETE;"
    "PRAGMA synchronous = EXTRA;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA secure_delete = ON;";

Result<void> CheckKeyOf(const SealedRows& rows) {
  auto text = rows.FindMeta(kKeyCheck);
  if (text.has_value() && !text->has_value()) {
    return Error(Reason::kStoreInvalid, "the key check record is missing");
  }
  if (!text.has_value() && text.error().reason() != Reason::kStoreInvalid) {
    return std::move(text).error();
  }
  if (!text.has_value() || AsText(**text) != kKeyCheckText) {
    return Error(Reason::kStoreKeyWrong,
                 "sealed under another master key than the configured one");
  }
  return {};
}

}  // namespace

Result<SqlitePtr> OpenStoreFile(const std::filesystem::path& path) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &database,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  SqlitePtr owned(database);
  if (code != SQLITE_OK) {
    return SqliteError(database, "open");
  }
  RETURN_IF_ERROR(Execute(owned.get(), kPragmas));
  return owned;
}

Result<void> WriteKeyCheck(const SealedRows& rows) {
  return rows.PutMeta(kKeyCheck, AsBytes(kKeyCheckText));
}

Result<void> SqliteKeyStore::CreateFile(const std::filesystem::path& path,
                                        const MasterKey& master_key) {
  // Made under another name, so that a half-made store is never taken for one.
  std::filesystem::path temporary = path;
  temporary += ".new";
  unlink(temporary.c_str());
  const UniqueFd file(
      open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) {
    return SystemError(Reason::kConfigInvalid,
                       "create '" + temporary.string() + "'", errno);
  }
  ASSIGN_OR_RETURN(SqlitePtr database, OpenStoreFile(temporary));
  ASSIGN_OR_RETURN(SqliteTransaction transaction,
                   SqliteTransaction::Begin(database.get()));
  RETURN_IF_ERROR(Execute(database.get(), kSchema));
  RETURN_IF_ERROR(Execute(database.get(), "PRAGMA user_version = " +
                                              std::to_string(kSchemaVersion)));
  RETURN_IF_ERROR(WriteKeyCheck(SealedRows(database.get(), &master_key)));
  RETURN_IF_ERROR(transaction.Commit());
  database.reset();
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    return SystemError(Reason::kConfigInvalid, "rename", errno);
  }
  return {};
}

Result<std::unique_ptr<SqliteKeyStore>> SqliteKeyStore::OpenFile(
    const std::filesystem::path& path, MasterKey master_key) {
  ASSIGN_OR_RETURN(const bool present, StoreIsPresent(path));
  if (!present) {
    RETURN_IF_ERROR(CreateFile(path, master_key));
  }
  ASSIGN_OR_RETURN(SqlitePtr database, OpenStoreFile(path));
  // The lock is taken by a transaction and kept by locking_mode.
  RETURN_IF_ERROR(Execute(database.get(), "BEGIN EXCLUSIVE; COMMIT"));
  ASSIGN_OR_RETURN(const std::int64_t schema, CheckSchema(database.get()));
  // Before anything is written.
  RETURN_IF_ERROR(CheckLayoutOf(schema, database.get()));
  std::unique_ptr<SqliteKeyStore> store(
      new SqliteKeyStore(path, std::move(database), std::move(master_key)));
  RETURN_IF_ERROR(store->SettleMasterKey());
  if (schema < kSchemaVersion) {
    RETURN_IF_ERROR(
        MigrateStore(store->database_.get(), store->master_key_, path, schema)
            .Context("migrate from schema version " + std::to_string(schema)));
  }
  RETURN_IF_ERROR(store->NoteFile());
  return store;
}

Result<void> SqliteKeyStore::CheckFile(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const SqlitePtr database, OpenStoreFile(path));
  ASSIGN_OR_RETURN(const std::int64_t schema, CheckSchema(database.get()));
  RETURN_IF_ERROR(CheckLayoutOf(schema, database.get()));
  RETURN_IF_ERROR(CheckSize(database.get(), path));
  return QuickCheck(database.get());
}

namespace {

// Of an earlier schema the start tells, when it migrates.
Result<void> CheckSealed(sqlite3* database, const MasterKey& key) {
  ASSIGN_OR_RETURN(const std::int64_t schema, CheckSchema(database));
  if (schema != kSchemaVersion) {
    return {};
  }
  const SealedRows rows(database, &key);
  RETURN_IF_ERROR(rows.FindMeta(kAnchorRecord));
  RETURN_IF_ERROR(rows.CheckWhole());
  return CheckRecords(database, key);
}

}  // namespace

Result<void> SqliteKeyStore::CheckKey(const std::filesystem::path& path,
                                      const MasterKey& master_key) {
  ASSIGN_OR_RETURN(const SqlitePtr database, OpenStoreFile(path));
  auto checked = CheckKeyOf(SealedRows(database.get(), &master_key));
  if (checked.has_value()) {
    return CheckSealed(database.get(), master_key);
  }
  if (checked.error().reason() != Reason::kStoreKeyWrong) {
    return checked;
  }
  ASSIGN_OR_RETURN(const MasterKey next,
                   FindNextKey(database.get(), master_key));
  RETURN_IF_ERROR(CheckKeyOf(SealedRows(database.get(), &next)));
  return CheckSealed(database.get(), next);
}

Result<void> SqliteKeyStore::CheckMasterKey() { return CheckKeyOf(rows()); }

// After a rotation that was not finished the configured key may be either one.
// When it is the new one, the earlier one has done its duty.
Result<void> SqliteKeyStore::SettleMasterKey() {
  auto checked = CheckMasterKey();
  if (checked.has_value()) {
    return DropNextKey();
  }
  if (checked.error().reason() != Reason::kStoreKeyWrong) {
    return checked;
  }
  RETURN_IF_ERROR(TakeNextKey());
  return CheckMasterKey();
}

Result<void> SqliteKeyStore::CheckAnchor(const Sha256Digest& anchor_digest) {
  ASSIGN_OR_RETURN(const auto remembered, rows().FindMeta(kAnchorRecord));
  if (!remembered.has_value()) {
    return rows().PutMeta(kAnchorRecord, anchor_digest);
  }
  if (!std::ranges::equal(*remembered, anchor_digest)) {
    return Error(Reason::kAnchorChanged,
                 "made for the trust anchor with key digest " +
                     ToHex(*remembered) + ", configured is " +
                     ToHex(anchor_digest));
  }
  return {};
}

Result<std::unique_ptr<SqliteKeyStore>> SqliteKeyStore::Open(
    const std::filesystem::path& path, MasterKey master_key,
    const Sha256Digest& anchor_digest) {
  const std::string context = "key store '" + path.string() + "'";
  auto store = OpenFile(path, std::move(master_key));
  if (!store.has_value()) {
    store.error().AddContext(context);
    return store;
  }
  RETURN_IF_ERROR((*store)->CheckAnchor(anchor_digest).Context(context));
  return store;
}

Result<void> SqliteKeyStore::ChangeAnchor(const std::filesystem::path& path,
                                          MasterKey master_key,
                                          const Sha256Digest& anchor_digest) {
  ASSIGN_OR_RETURN(const std::unique_ptr<SqliteKeyStore> store,
                   OpenFile(path, std::move(master_key)));
  return store->rows().PutMeta(kAnchorRecord, anchor_digest);
}

}  // namespace tdxvfs::keyserver
