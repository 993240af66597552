// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_HPKE_H_
#define TDXVFS_COMMON_HPKE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/hkdf.h"
#include "common/result.h"
#include "common/secret.h"
#include "common/x25519.h"

namespace tdxvfs {

// RFC 9180 base mode with one suite: DHKEM(X25519, HKDF-SHA256) (0x0020),
// HKDF-SHA256 (0x0001), AES-256-GCM (0x0002). Composed of OpenSSL's X25519,
// HKDF and AES-GCM, since OpenSSL has no HPKE before 3.2.

// What both sides hold after the key schedule: key and base nonce of one
// direction, and the exporter secret. One message per context is all the
// release exchange needs; a second Seal or Open is refused.
class HpkeContext {
 public:
  // Sender: makes an ephemeral key pair and the context for `recipient`.
  // `encapsulated_key` receives enc. Fails with kRequestInvalid when the
  // recipient's key is a small-order point (all-zero shared secret).
  static Result<HpkeContext> SetupSender(const X25519PublicKey& recipient,
                                         std::span<const std::uint8_t> info,
                                         X25519PublicKey* encapsulated_key);
  // The same with a given ephemeral key pair, for test vectors.
  static Result<HpkeContext> SetupSenderWith(
      const X25519KeyPair& ephemeral, const X25519PublicKey& recipient,
      std::span<const std::uint8_t> info);
  // Recipient. Fails with kGrantInvalid on a small-order enc.
  static Result<HpkeContext> SetupRecipient(
      const X25519PublicKey& encapsulated_key, const X25519KeyPair& recipient,
      std::span<const std::uint8_t> info);

  // Ciphertext followed by the 16-byte tag.
  Result<std::vector<std::uint8_t>> Seal(std::span<const std::uint8_t> aad,
                                         const Secret& plaintext);
  // Fails with kGrantInvalid when the message is shorter than a tag or the tag
  // does not fit.
  Result<Secret> Open(std::span<const std::uint8_t> aad,
                      std::span<const std::uint8_t> ciphertext);
  // RFC 9180 section 5.3: `length` bytes (at most 255 * 32) for a context.
  Result<Secret> Export(std::string_view exporter_context,
                        std::size_t length) const;

 private:
  HpkeContext() = default;
  static Result<HpkeContext> Schedule(const Secret& shared_secret,
                                      std::span<const std::uint8_t> info);

  Secret key_;
  Secret base_nonce_;
  Secret exporter_secret_;
  bool used_ = false;
};

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_HPKE_H_
