// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_BACKUP_CIPHER_H_
#define TDXVFS_KEYSERVER_BACKUP_CIPHER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "common/secret.h"
#include "common/sha256.h"
#include "common/x25519.h"
#include "keyserver/keys/master_key.h"

namespace tdxvfs::keyserver {

// An encrypted backup: a header, then pieces. The header is `kBackupMagic`, the
// number of recipients (1 byte) and per recipient its X25519 public key (32
// bytes) and an HPKE envelope of the file's own random key (32 + 48 bytes, info
// = the magic). Pieces are 64 KiB of the store each, the last one shorter or
// as long, sealed as MasterKey seals a record, under the file's key; a piece's
// identity is its number, whether it is the last one, and the header's SHA-256.
// So no piece can be changed, moved, left out or cut off.
inline constexpr std::string_view kBackupMagic = "tdxvfs-backup-1\n";
inline constexpr std::size_t kBackupPiece = 64UL * 1024;
inline constexpr std::size_t kBackupOverhead = 12 + 16;  // of a piece
inline constexpr std::size_t kBackupEnvelope = 32 + 32 + 48;
inline constexpr std::size_t kMaxRecipients = 255;

// Reads an X25519 public key (`openssl pkey -pubout`) or private key (`openssl
// genpkey -algorithm X25519`) in PEM. Fails with kFileInvalid.
Result<X25519PublicKey> ReadPublicKey(std::string_view pem);
Result<X25519KeyPair> ReadPrivateKey(const Secret& pem);

// Seals or opens the pieces of one backup in order. Not thread-safe.
class BackupCipher {
 public:
  // Makes a file key; `header` receives the bytes to write first.
  static Result<BackupCipher> Create(
      const std::vector<X25519PublicKey>& recipients,
      std::vector<std::uint8_t>* header);
  // `header` is all of it. Fails with kFileInvalid, also when it is not for
  // this recipient.
  static Result<BackupCipher> Open(std::span<const std::uint8_t> header,
                                   const X25519KeyPair& recipient);

  Result<std::vector<std::uint8_t>> Seal(std::span<const std::uint8_t> piece,
                                         bool is_last);
  // Fails with kFileInvalid.
  Result<std::vector<std::uint8_t>> Unseal(std::span<const std::uint8_t> piece,
                                           bool is_last);

 private:
  BackupCipher(MasterKey key, const Sha256Digest& header_sha256)
      : key_(std::move(key)), header_sha256_(header_sha256) {}
  RecordIdentity NextPiece(bool is_last);

  MasterKey key_;
  Sha256Digest header_sha256_;
  std::uint32_t number_ = 0;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_BACKUP_CIPHER_H_
