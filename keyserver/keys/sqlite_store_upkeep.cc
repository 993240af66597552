// SPDX-License-Identifier: Apache-2.0
// Rotation of the master key and copies of a SqliteKeyStore.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "keyserver/keys/reseal.h"
#include "keyserver/keys/sqlite_key_store.h"
#include "keyserver/keys/store_copy.h"
#include "keyserver/keys/store_file.h"

namespace tdxvfs::keyserver {
namespace {

// The new key, sealed under the earlier one while a rotation is not finished.
constexpr std::string_view kNextKey = "next-master-key";
constexpr RecordIdentity kNextKeyIdentity{kNextKey, ""};

}  // namespace

Result<MasterKey> FindNextKey(sqlite3* database, const MasterKey& earlier) {
  const Error wrong(Reason::kStoreKeyWrong,
                    "sealed under another master key than the configured one");
  ASSIGN_OR_RETURN(SqliteStatement query,
                   SqliteStatement::Prepare(
                       database, "SELECT value FROM meta WHERE name = ?"));
  ASSIGN_OR_RETURN(const bool found, query.Bind(kNextKey).Step());
  if (!found) {
    return wrong;
  }
  auto next = earlier.Unseal(kNextKeyIdentity, query.Bytes(0));
  if (!next.has_value()) {
    return wrong;
  }
  return MasterKey::FromSecret(std::move(*next));
}

Result<void> SqliteKeyStore::RotateMasterKey(const MasterKey& earlier,
                                             MasterKey next) {
  const std::lock_guard lock(mutex_);
  if (next == master_key_) {
    return {};
  }
  if (!(earlier == master_key_)) {
    return Error(Reason::kStoreKeyWrong,
                 "the key to be replaced is not the store's; nothing was "
                 "changed");
  }
  ASSIGN_OR_RETURN(SqliteTransaction transaction,
                   SqliteTransaction::Begin(database_.get()));
  ASSIGN_OR_RETURN(const auto anchor, rows().FindMeta(kAnchorRecord));
  RETURN_IF_ERROR(ResealRecords(database_.get(), master_key_, next));
  const SealedRows sealed_anew(database_.get(), &next);
  RETURN_IF_ERROR(WriteKeyCheck(sealed_anew));
  if (anchor.has_value()) {
    RETURN_IF_ERROR(sealed_anew.PutMeta(kAnchorRecord, *anchor));
  }
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bridge,
                   next.SealedUnder(master_key_, kNextKeyIdentity));
  ASSIGN_OR_RETURN(SqliteStatement insert,
                   Prepare("INSERT OR REPLACE INTO meta VALUES(?, ?)"));
  RETURN_IF_ERROR(insert.Bind(kNextKey).Bind(bridge).Run());
  RETURN_IF_ERROR(transaction.Commit());
  master_key_ = std::move(next);
  return {};
}

Result<void> SqliteKeyStore::FinishRotation() {
  const std::lock_guard lock(mutex_);
  return DropNextKey();
}

Result<void> SqliteKeyStore::DropNextKey() {
  ASSIGN_OR_RETURN(SqliteStatement drop,
                   Prepare("DELETE FROM meta WHERE name = ?"));
  return drop.Bind(kNextKey).Run();
}

// The configured key is the earlier one of a rotation that was not finished
// when it opens the record with the new one.
Result<void> SqliteKeyStore::TakeNextKey() {
  ASSIGN_OR_RETURN(master_key_, FindNextKey(database_.get(), master_key_));
  return {};
}

Result<UniqueFd> SqliteKeyStore::Copy() {
  // One copy at a time: they share a name.
  const std::lock_guard one(copying_);
  std::filesystem::path name = path_;
  name += ".copy";
  unlink(name.c_str());
  RETURN_IF_ERROR(CopyStore(database_.get(), name, &mutex_));
  UniqueFd file(open(name.c_str(), O_RDONLY | O_CLOEXEC));
  unlink(name.c_str());
  if (!file.valid()) {
    return SystemError(Reason::kInternal, "open the copy", errno);
  }
  return file;
}

}  // namespace tdxvfs::keyserver
