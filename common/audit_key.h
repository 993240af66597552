// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_AUDIT_KEY_H_
#define TDXVFS_COMMON_AUDIT_KEY_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/owned_openssl.h"
#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs::audit {

// An Ed25519 public key (RFC 8032) that signs the heads of an audit log.
// Immutable and thread-safe.
class PublicKey {
 public:
  static constexpr std::size_t kSize = 32;
  using Bytes = std::array<std::uint8_t, kSize>;

  explicit PublicKey(const Bytes& bytes) : bytes_(bytes) {}
  // A SubjectPublicKeyInfo as `openssl pkey -pubout` writes it. Fails with
  // kFileInvalid for anything but one Ed25519 key.
  static Result<PublicKey> FromPem(std::string_view pem);
  Result<std::string> ToPem() const;

  const Bytes& bytes() const { return bytes_; }
  // Whether this key signed exactly this text.
  bool Verifies(std::string_view text, std::string_view signature) const;

  friend bool operator==(const PublicKey&, const PublicKey&) = default;

 private:
  Bytes bytes_;
};

// The private half. Move-only; signing is thread-safe.
class SigningKey {
 public:
  static Result<SigningKey> Make();
  // PKCS #8 without a passphrase. Fails with kConfigInvalid.
  static Result<SigningKey> FromPem(const Secret& pem);
  Result<Secret> ToPem() const;

  const PublicKey& public_key() const { return public_key_; }
  // 64 bytes. Fails with kInternal only.
  Result<std::string> Sign(std::string_view text) const;

 private:
  SigningKey(EvpPkeyPtr key, const PublicKey& public_key)
      : key_(std::move(key)), public_key_(public_key) {}

  EvpPkeyPtr key_;
  PublicKey public_key_;
};

}  // namespace tdxvfs::audit

#endif  // TDXVFS_COMMON_AUDIT_KEY_H_
