// SPDX-License-Identifier: Apache-2.0
// Opening, making and recognising the file of a SqliteKeyStore.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/hex.h"
#include "common/unique_fd.h"
#include "keyserver/keys/sqlite_key_store.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::int64_t kSchemaVersion = 2;
constexpr std::string_view kKeyCheckText = "tdxvfs key store";
constexpr RecordIdentity kKeyCheckIdentity{"key-check", ""};

// Rows are overwritten when deleted, and the file stays locked from the first
// transaction until it is closed, so that no second server can use it.
constexpr char kPragmas[] =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = DELETE;"
    "PRAGMA synchronous = EXTRA;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA secure_delete = ON;";

constexpr char kSchema[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL);"
    "CREATE TABLE volumes("
    "  name TEXT PRIMARY KEY,"
    "  disabled INTEGER NOT NULL DEFAULT 0,"
    "  policy BLOB);"
    "CREATE TABLE versions("
    "  volume TEXT NOT NULL REFERENCES volumes(name),"
    "  version INTEGER NOT NULL,"
    "  uuid TEXT NOT NULL,"
    "  header_size INTEGER NOT NULL,"
    "  header_sha256 BLOB NOT NULL,"
    "  header_profile TEXT NOT NULL,"
    "  file_system TEXT NOT NULL,"
    "  mount_options TEXT NOT NULL,"
    "  created TEXT NOT NULL,"
    "  retired INTEGER NOT NULL DEFAULT 0,"
    "  passphrase BLOB NOT NULL,"
    "  verity TEXT,"
    "  PRIMARY KEY(volume, version),"
    "  UNIQUE(volume, header_sha256));";

// What each later schema added to the one before it, from version 2 on.
constexpr std::array<const char*, kSchemaVersion - 1> kUpgrades = {
    "ALTER TABLE versions ADD COLUMN verity TEXT;"};

Result<SqlitePtr> OpenDatabase(const std::filesystem::path& path, int flags) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &database,
      flags | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  SqlitePtr owned(database);
  if (code != SQLITE_OK) {
    return SqliteError(database, "open");
  }
  RETURN_IF_ERROR(Execute(owned.get(), kPragmas));
  return owned;
}

Result<std::int64_t> ReadNumber(sqlite3* database, std::string_view sql) {
  ASSIGN_OR_RETURN(SqliteStatement query,
                   SqliteStatement::Prepare(database, sql));
  RETURN_IF_ERROR(query.Step());
  return query.Number(0);
}

// One transaction: a store is of one version or the other.
Result<void> Upgrade(sqlite3* database) {
  ASSIGN_OR_RETURN(const std::int64_t from,
                   ReadNumber(database, "PRAGMA user_version"));
  if (from == kSchemaVersion) {
    return {};
  }
  ASSIGN_OR_RETURN(SqliteTransaction transaction,
                   SqliteTransaction::Begin(database));
  for (std::int64_t version = from; version < kSchemaVersion; ++version) {
    RETURN_IF_ERROR(
        Execute(database, kUpgrades[static_cast<std::size_t>(version - 1)]));
  }
  RETURN_IF_ERROR(Execute(
      database, "PRAGMA user_version = " + std::to_string(kSchemaVersion)));
  return transaction.Commit();
}

Result<void> CheckSchema(sqlite3* database) {
  ASSIGN_OR_RETURN(const std::int64_t version,
                   ReadNumber(database, "PRAGMA user_version"));
  if (version > kSchemaVersion) {
    return Error(Reason::kStoreNewer,
                 "schema version " + std::to_string(version) +
                     " was written by a newer program; this one knows " +
                     std::to_string(kSchemaVersion));
  }
  if (version < 1) {
    return Error(Reason::kStoreInvalid, "not a key store");
  }
  ASSIGN_OR_RETURN(SqliteStatement check,
                   SqliteStatement::Prepare(database, "PRAGMA quick_check"));
  RETURN_IF_ERROR(check.Step());
  if (check.Text(0) != "ok") {
    return Error(Reason::kStoreInvalid, "damaged: " + check.Text(0));
  }
  return {};
}

Result<bool> Exists(const std::filesystem::path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode) || status.st_size == 0) {
      return Error(Reason::kStoreInvalid, "not a regular file with content");
    }
    return true;
  }
  if (errno != ENOENT) {
    return SystemError(Reason::kConfigInvalid, "open", errno);
  }
  return false;
}

}  // namespace

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
  ASSIGN_OR_RETURN(SqlitePtr database,
                   OpenDatabase(temporary, SQLITE_OPEN_READWRITE));
  ASSIGN_OR_RETURN(SqliteTransaction transaction,
                   SqliteTransaction::Begin(database.get()));
  RETURN_IF_ERROR(Execute(database.get(), kSchema));
  RETURN_IF_ERROR(Execute(database.get(), "PRAGMA user_version = " +
                                              std::to_string(kSchemaVersion)));
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> sealed,
                   master_key.Seal(kKeyCheckIdentity, AsBytes(kKeyCheckText)));
  ASSIGN_OR_RETURN(
      SqliteStatement insert,
      SqliteStatement::Prepare(database.get(),
                               "INSERT INTO meta VALUES('key-check', ?)"));
  RETURN_IF_ERROR(insert.Bind(sealed).Run());
  RETURN_IF_ERROR(transaction.Commit());
  database.reset();
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    return SystemError(Reason::kConfigInvalid, "rename", errno);
  }
  return {};
}

Result<std::unique_ptr<SqliteKeyStore>> SqliteKeyStore::OpenFile(
    const std::filesystem::path& path, MasterKey master_key) {
  ASSIGN_OR_RETURN(const bool exists, Exists(path));
  if (!exists) {
    RETURN_IF_ERROR(CreateFile(path, master_key));
  }
  ASSIGN_OR_RETURN(SqlitePtr database,
                   OpenDatabase(path, SQLITE_OPEN_READWRITE));
  // The lock is taken by a transaction and kept by locking_mode.
  RETURN_IF_ERROR(Execute(database.get(), "BEGIN EXCLUSIVE; COMMIT"));
  RETURN_IF_ERROR(CheckSchema(database.get()));
  std::unique_ptr<SqliteKeyStore> store(
      new SqliteKeyStore(std::move(database), std::move(master_key)));
  RETURN_IF_ERROR(store->CheckMasterKey());
  RETURN_IF_ERROR(Upgrade(store->database_.get()));
  return store;
}

Result<void> SqliteKeyStore::CheckMasterKey() {
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare("SELECT value FROM meta WHERE name = 'key-check'"));
  ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) {
    return Error(Reason::kStoreInvalid, "the key check record is missing");
  }
  const std::vector<std::uint8_t> sealed = query.Bytes(0);
  auto text = master_key_.Unseal(kKeyCheckIdentity, sealed);
  if (!text.has_value() || AsText(text->Reveal()) != kKeyCheckText) {
    return Error(Reason::kStoreKeyWrong,
                 "sealed under another master key than the configured one");
  }
  return {};
}

Result<std::vector<std::uint8_t>> SqliteKeyStore::ReadAnchor() {
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare("SELECT value FROM meta WHERE name = 'anchor'"));
  ASSIGN_OR_RETURN(const bool found, query.Step());
  return found ? query.Bytes(0) : std::vector<std::uint8_t>();
}

Result<void> SqliteKeyStore::WriteAnchor(const Sha256Digest& anchor_digest) {
  ASSIGN_OR_RETURN(SqliteStatement replace,
                   Prepare("INSERT OR REPLACE INTO meta VALUES('anchor', ?)"));
  return replace.Bind(anchor_digest).Run();
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
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> remembered,
                   (*store)->ReadAnchor());
  if (remembered.empty()) {
    RETURN_IF_ERROR((*store)->WriteAnchor(anchor_digest).Context(context));
  } else if (!std::ranges::equal(remembered, anchor_digest)) {
    return Error(Reason::kAnchorChanged,
                 context + ": made for the trust anchor with key digest " +
                     ToHex(remembered) + ", configured is " +
                     ToHex(anchor_digest));
  }
  return store;
}

Result<void> SqliteKeyStore::ChangeAnchor(const std::filesystem::path& path,
                                          MasterKey master_key,
                                          const Sha256Digest& anchor_digest) {
  ASSIGN_OR_RETURN(const std::unique_ptr<SqliteKeyStore> store,
                   OpenFile(path, std::move(master_key)));
  return store->WriteAnchor(anchor_digest);
}

}  // namespace tdxvfs::keyserver
