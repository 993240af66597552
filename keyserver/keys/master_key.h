// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_KEYS_MASTER_KEY_H_
#define TDXVFS_KEYSERVER_KEYS_MASTER_KEY_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs::keyserver {

// What a sealed record is. It goes into the seal as associated data, so a
// record that is moved to another place does not open there.
struct RecordIdentity {
  std::string_view kind;  // "passphrase", "policy", "volume", "key-check"...
  std::string_view name;  // the volume; empty for records of the store itself
  std::uint32_t version = 0;
  // Everything else that the record vouches for, such as a header digest.
  std::span<const std::uint8_t> description{};
};

// The 32 bytes that every secret of the store is sealed under with AES-256-GCM.
// Immutable and thread-safe.
class MasterKey {
 public:
  static constexpr std::size_t kSize = 32;

  // `source` is an absolute path or `credential:NAME` (a file that systemd
  // puts below $CREDENTIALS_DIRECTORY). A file must be 32 bytes, its owner's
  // alone, and the owner this user or root. Fails with kConfigInvalid.
  static Result<MasterKey> Load(std::string_view source);
  static Result<MasterKey> FromSecret(Secret key);

  // nonce (12) || ciphertext || tag (16), with a fresh random nonce.
  Result<std::vector<std::uint8_t>> Seal(
      const RecordIdentity& identity,
      std::span<const std::uint8_t> plaintext) const;
  // Fails with kStoreInvalid when key, record or identity do not fit.
  Result<Secret> Unseal(const RecordIdentity& identity,
                        std::span<const std::uint8_t> sealed) const;
  // The same for a record that is authentic rather than secret.
  Result<std::vector<std::uint8_t>> UnsealRecord(
      const RecordIdentity& identity,
      std::span<const std::uint8_t> sealed) const;

  // This key itself, sealed under another one.
  Result<std::vector<std::uint8_t>> SealedUnder(
      const MasterKey& other, const RecordIdentity& identity) const {
    return other.Seal(identity, key_.Reveal());
  }

  friend bool operator==(const MasterKey& left, const MasterKey& right) {
    return left.key_ == right.key_;
  }

 private:
  Result<void> UnsealInto(const RecordIdentity& identity,
                          std::span<const std::uint8_t> sealed,
                          std::span<std::uint8_t> plaintext) const;

  explicit MasterKey(Secret key) : key_(std::move(key)) {}
  Secret key_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_KEYS_MASTER_KEY_H_
