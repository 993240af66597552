// SPDX-License-Identifier: Apache-2.0
#include "keyserver/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "common/file.h"
#include "common/hex.h"
#include "common/unique_fd.h"
#include "keyserver/admin/store_client.h"
#include "keyserver/backup_cipher.h"
#include "keyserver/keys/sqlite_key_store.h"
#include "keyserver/keys/store_presence.h"
#include "keyserver/new_file.h"
#include "keyserver/secret_source.h"

namespace tdxvfs::keyserver {
namespace {

namespace fs = std::filesystem;
using ByteSpan = std::span<const std::uint8_t>;

constexpr std::size_t kMaxKeyFile = 4096;

// Cuts what comes into pieces of one size and gives them away, telling which
// one is the last.
class Pieces {
 public:
  using Give = std::function<Result<void>(ByteSpan piece, bool is_last)>;
  Pieces(std::size_t size, Give give) : size_(size), give_(std::move(give)) {}

  Result<void> Add(ByteSpan bytes) {
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    // A whole piece waits until it is known not to be the last one.
    while (held_.size() > size_) {
      RETURN_IF_ERROR(give_(ByteSpan(held_).first(size_), false));
      held_.erase(held_.begin(),
                  held_.begin() + static_cast<std::ptrdiff_t>(size_));
    }
    return {};
  }
  Result<void> Finish() { return give_(held_, true); }

 private:
  const std::size_t size_;
  const Give give_;
  std::vector<std::uint8_t> held_;
};

Result<std::optional<BackupCipher>> CipherFor(
    const std::vector<std::string>& recipients, NewFile* out) {
  if (recipients.empty()) {
    return std::optional<BackupCipher>();
  }
  std::vector<X25519PublicKey> keys;
  for (const std::string& file : recipients) {
    ASSIGN_OR_RETURN(const std::string pem, ReadFile(file, kMaxKeyFile));
    ASSIGN_OR_RETURN(const X25519PublicKey key,
                     ReadPublicKey(pem).Context("recipient '" + file + "'"));
    keys.push_back(key);
  }
  std::vector<std::uint8_t> header;
  ASSIGN_OR_RETURN(BackupCipher cipher, BackupCipher::Create(keys, &header));
  RETURN_IF_ERROR(out->Write(header));
  return std::optional(std::move(cipher));
}

// Reads exactly `size` bytes, fewer only at the end of the file.
Result<std::vector<std::uint8_t>> ReadPiece(const UniqueFd& file,
                                            std::size_t size) {
  std::vector<std::uint8_t> piece(size);
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = read(file.get(), &piece[filled], size - filled);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return SystemError(Reason::kFileUnreadable, "read the backup", errno);
    }
    if (got == 0) {
      break;
    }
    filled += static_cast<std::size_t>(got);
  }
  piece.resize(filled);
  return piece;
}

Result<BackupCipher> OpenHeader(const UniqueFd& file,
                                std::vector<std::uint8_t> header,
                                const std::string& identity) {
  if (identity.empty()) {
    return Error(Reason::kUsage,
                 "the backup is encrypted; --identity names the private key of "
                 "one of its recipients");
  }
  ASSIGN_OR_RETURN(const Secret pem, LoadSecret(identity, kMaxKeyFile));
  ASSIGN_OR_RETURN(const X25519KeyPair key,
                   ReadPrivateKey(pem).Context("identity '" + identity + "'"));
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> count, ReadPiece(file, 1));
  if (count.empty()) {
    return Error(Reason::kFileInvalid, "the backup is cut off");
  }
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> envelopes,
                   ReadPiece(file, count[0] * kBackupEnvelope));
  if (envelopes.size() < count[0] * kBackupEnvelope) {
    return Error(Reason::kFileInvalid, "the backup is cut off");
  }
  header.insert(header.end(), count.begin(), count.end());
  header.insert(header.end(), envelopes.begin(), envelopes.end());
  return BackupCipher::Open(header, key);
}

// Copies the store out of a backup.
Result<void> Unpack(const UniqueFd& file, const std::string& identity,
                    NewFile* out) {
  ASSIGN_OR_RETURN(std::vector<std::uint8_t> start,
                   ReadPiece(file, kBackupMagic.size()));
  std::optional<BackupCipher> cipher;
  if (AsText(start) == kBackupMagic) {
    ASSIGN_OR_RETURN(cipher, OpenHeader(file, std::move(start), identity));
    start.clear();
  }
  const std::size_t size =
      kBackupPiece + (cipher.has_value() ? kBackupOverhead : 0);
  Pieces pieces(size, [&](ByteSpan piece, bool is_last) -> Result<void> {
    if (!cipher.has_value()) {
      return out->Write(piece);
    }
    ASSIGN_OR_RETURN(const std::vector<std::uint8_t> opened,
                     cipher->Unseal(piece, is_last));
    return out->Write(opened);
  });
  RETURN_IF_ERROR(pieces.Add(start));
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<std::uint8_t> read,
                     ReadPiece(file, kBackupPiece));
    if (read.empty()) {
      return pieces.Finish();
    }
    RETURN_IF_ERROR(pieces.Add(read));
  }
}

// What is wrong with a backup is not said as if it were wrong with the store.
Result<void> OfBackup(Result<void> checked) {
  if (!checked.has_value() &&
      checked.error().reason() == Reason::kStoreInvalid) {
    return Error(Reason::kFileInvalid, "damaged, cut off or no key store: " +
                                           checked.error().message());
  }
  return checked;
}

// As root the store is made for the server's user, to whom its folder belongs;
// who could therefore put another file under its name.
Result<void> GiveToFolderOwner(const fs::path& name, NewFile* file) {
  struct stat folder {};
  if (stat(name.parent_path().c_str(), &folder) != 0) {
    return SystemError(Reason::kConfigInvalid, "'" + name.string() + "'",
                       errno);
  }
  return geteuid() == 0 ? file->GiveTo(folder.st_uid, folder.st_gid)
                        : Result<void>();
}

}  // namespace

Result<void> Backup(const Config& config, const fs::path& file,
                    const std::vector<std::string>& recipients) {
  ASSIGN_OR_RETURN(NewFile out, NewFile::Create(file));
  ASSIGN_OR_RETURN(std::optional<BackupCipher> cipher,
                   CipherFor(recipients, &out));
  Pieces pieces(kBackupPiece,
                [&](ByteSpan piece, bool is_last) -> Result<void> {
                  if (!cipher.has_value()) {
                    return out.Write(piece);
                  }
                  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> sealed,
                                   cipher->Seal(piece, is_last));
                  return out.Write(sealed);
                });
  StoreClient server(config.admin_socket);
  RETURN_IF_ERROR(
      server.Backup([&](ByteSpan bytes) { return pieces.Add(bytes); }));
  RETURN_IF_ERROR(pieces.Finish());
  return out.Keep();
}

Result<void> Restore(const Config& config, const fs::path& key_file,
                     const fs::path& file, const std::string& identity) {
  const UniqueFd backup(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!backup.valid()) {
    return SystemError(
        errno == ENOENT ? Reason::kFileNotFound : Reason::kFileUnreadable,
        "open '" + file.string() + "'", errno);
  }
  const std::string name = "key store '" + config.store + "'";
  ASSIGN_OR_RETURN(const bool present,
                   StoreIsPresent(config.store).Context(name));
  if (present) {
    return Error(Reason::kAlreadyExists,
                 name + " is there; stop the server and move it away first");
  }
  ASSIGN_OR_RETURN(NewFile store, NewFile::Create(config.store));
  RETURN_IF_ERROR(Unpack(backup, identity, &store)
                      .Context("backup '" + file.string() + "'"));
  RETURN_IF_ERROR(OfBackup(SqliteKeyStore::CheckFile(store.partial()))
                      .Context("backup '" + file.string() + "'"));
  ASSIGN_OR_RETURN(const MasterKey master_key,
                   MasterKey::Load(key_file.string()));
  RETURN_IF_ERROR(
      OfBackup(SqliteKeyStore::CheckKey(store.partial(), master_key))
          .Context("backup '" + file.string() + "'"));
  RETURN_IF_ERROR(GiveToFolderOwner(config.store, &store));
  return store.Keep();
}

}  // namespace tdxvfs::keyserver
