// SPDX-License-Identifier: Apache-2.0
#include "common/hpke.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "common/hex.h"
#include "common/hkdf.h"
#include "common/openssl_error.h"
#include "common/owned_openssl.h"

namespace tdxvfs {
namespace {

using ByteSpan = std::span<const std::uint8_t>;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kHashSize = 32;     // Nh, Nsecret
constexpr std::size_t kAeadKeySize = 32;  // Nk
constexpr std::size_t kNonceSize = 12;    // Nn
constexpr std::size_t kTagSize = 16;      // Nt
constexpr std::string_view kVersion = "HPKE-v1";
// RFC 9180 sections 4.1 and 5.1: "KEM" || I2OSP(kem_id, 2), and
// "HPKE" || kem_id || kdf_id || aead_id.
constexpr std::string_view kKemSuite{"KEM\x00\x20", 5};
constexpr std::string_view kHpkeSuite{"HPKE\x00\x20\x00\x01\x00\x02", 10};

void Append(Bytes& target, ByteSpan bytes) {
  target.insert(target.end(), bytes.begin(), bytes.end());
}

Bytes Concatenated(std::initializer_list<ByteSpan> parts) {
  Bytes all;
  for (const ByteSpan part : parts) {
    Append(all, part);
  }
  return all;
}

// Joins label parts and a secret into one Secret, so that the input keying
// material never lies in ordinary memory.
Result<Secret> Labeled(std::string_view suite, std::string_view label,
                       ByteSpan secret) {
  const Bytes prefix =
      Concatenated({AsBytes(kVersion), AsBytes(suite), AsBytes(label)});
  return Secret::Filled(prefix.size() + secret.size(),
                        [&](std::span<std::uint8_t> out) -> Result<void> {
                          auto rest = std::copy(prefix.begin(), prefix.end(),
                                                out.begin());
                          std::copy(secret.begin(), secret.end(), rest);
                          return {};
                        });
}

// RFC 9180 section 4: LabeledExtract and LabeledExpand.
Result<Secret> LabeledExtract(std::string_view suite, ByteSpan salt,
                              std::string_view label, ByteSpan key) {
  ASSIGN_OR_RETURN(const Secret labeled, Labeled(suite, label, key));
  return HkdfSha256Extract(salt, labeled);
}

Result<Secret> LabeledExpand(std::string_view suite, const Secret& key,
                             std::string_view label, ByteSpan info,
                             std::size_t length) {
  const std::array<std::uint8_t, 2> size = {
      static_cast<std::uint8_t>(length >> 8U),
      static_cast<std::uint8_t>(length)};
  const Bytes labeled = Concatenated(
      {size, AsBytes(kVersion), AsBytes(suite), AsBytes(label), info});
  return HkdfSha256Expand(key, labeled, length);
}

// DHKEM ExtractAndExpand over DH output and kem_context = enc || pkR.
Result<Secret> KemSharedSecret(const Secret& diffie_hellman,
                               const X25519PublicKey& encapsulated_key,
                               const X25519PublicKey& recipient) {
  ASSIGN_OR_RETURN(
      const Secret extracted,
      LabeledExtract(kKemSuite, {}, "eae_prk", diffie_hellman.Reveal()));
  const Bytes kem_context = Concatenated({encapsulated_key, recipient});
  return LabeledExpand(kKemSuite, extracted, "shared_secret", kem_context,
                       kHashSize);
}

// AES-256-GCM in one direction; `size` and `tag` as EVP wants them.
Result<CipherContextPtr> Gcm(const Secret& key, const Secret& nonce,
                             ByteSpan aad, bool encrypt) {
  CipherContextPtr context(EVP_CIPHER_CTX_new());
  int ignored = 0;
  if (!context ||
      EVP_CipherInit_ex2(context.get(), EVP_aes_256_gcm(), key.Reveal().data(),
                         nonce.Reveal().data(), encrypt ? 1 : 0,
                         nullptr) != 1 ||
      (!aad.empty() &&
       EVP_CipherUpdate(context.get(), nullptr, &ignored, aad.data(),
                        static_cast<int>(aad.size())) != 1)) {
    return OpensslError(Reason::kInternal, "set AES-256-GCM up");
  }
  return context;
}

}  // namespace

Result<HpkeContext> HpkeContext::Schedule(const Secret& shared_secret,
                                          ByteSpan info) {
  // RFC 9180 section 5.1, mode_base: empty psk and psk_id.
  ASSIGN_OR_RETURN(const Secret psk_id_hash,
                   LabeledExtract(kHpkeSuite, {}, "psk_id_hash", {}));
  ASSIGN_OR_RETURN(const Secret info_hash,
                   LabeledExtract(kHpkeSuite, {}, "info_hash", info));
  const std::array<std::uint8_t, 1> mode_base = {0};
  const Bytes schedule_context =
      Concatenated({mode_base, psk_id_hash.Reveal(), info_hash.Reveal()});
  ASSIGN_OR_RETURN(
      const Secret secret,
      LabeledExtract(kHpkeSuite, shared_secret.Reveal(), "secret", {}));
  HpkeContext context;
  ASSIGN_OR_RETURN(context.key_, LabeledExpand(kHpkeSuite, secret, "key",
                                               schedule_context, kAeadKeySize));
  ASSIGN_OR_RETURN(context.base_nonce_,
                   LabeledExpand(kHpkeSuite, secret, "base_nonce",
                                 schedule_context, kNonceSize));
  ASSIGN_OR_RETURN(
      context.exporter_secret_,
      LabeledExpand(kHpkeSuite, secret, "exp", schedule_context, kHashSize));
  return context;
}

Result<HpkeContext> HpkeContext::SetupSender(
    const X25519PublicKey& recipient, ByteSpan info,
    X25519PublicKey* encapsulated_key) {
  ASSIGN_OR_RETURN(const X25519KeyPair ephemeral, X25519KeyPair::Generate());
  *encapsulated_key = ephemeral.public_key;
  return SetupSenderWith(ephemeral, recipient, info);
}

Result<HpkeContext> HpkeContext::SetupSenderWith(
    const X25519KeyPair& ephemeral, const X25519PublicKey& recipient,
    ByteSpan info) {
  ASSIGN_OR_RETURN(const Secret shared,
                   X25519(ephemeral, recipient, Reason::kRequestInvalid));
  ASSIGN_OR_RETURN(const Secret kem_secret,
                   KemSharedSecret(shared, ephemeral.public_key, recipient));
  return Schedule(kem_secret, info);
}

Result<HpkeContext> HpkeContext::SetupRecipient(
    const X25519PublicKey& encapsulated_key, const X25519KeyPair& recipient,
    ByteSpan info) {
  ASSIGN_OR_RETURN(const Secret shared,
                   X25519(recipient, encapsulated_key, Reason::kGrantInvalid));
  ASSIGN_OR_RETURN(
      const Secret kem_secret,
      KemSharedSecret(shared, encapsulated_key, recipient.public_key));
  return Schedule(kem_secret, info);
}

Result<Bytes> HpkeContext::Seal(ByteSpan aad, const Secret& plaintext) {
  if (std::exchange(used_, true)) {
    return Error(Reason::kInternal, "an HPKE context seals one message");
  }
  ASSIGN_OR_RETURN(const CipherContextPtr context,
                   Gcm(key_, base_nonce_, aad, true));
  Bytes sealed(plaintext.size() + kTagSize);
  int size = 0;
  int rest = 0;
  if ((!plaintext.empty() &&
       EVP_CipherUpdate(context.get(), sealed.data(), &size,
                        plaintext.Reveal().data(),
                        static_cast<int>(plaintext.size())) != 1) ||
      EVP_CipherFinal_ex(context.get(), &sealed[plaintext.size()], &rest) !=
          1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG,
                          static_cast<int>(kTagSize),
                          &sealed[plaintext.size()]) != 1) {
    return OpensslError(Reason::kInternal, "seal with AES-256-GCM");
  }
  return sealed;
}

Result<Secret> HpkeContext::Open(ByteSpan aad, ByteSpan ciphertext) {
  if (std::exchange(used_, true)) {
    return Error(Reason::kInternal, "an HPKE context opens one message");
  }
  if (ciphertext.size() < kTagSize) {
    return Error(Reason::kGrantInvalid, "sealed message is too short");
  }
  ASSIGN_OR_RETURN(const CipherContextPtr context,
                   Gcm(key_, base_nonce_, aad, false));
  const ByteSpan body = ciphertext.first(ciphertext.size() - kTagSize);
  Bytes tag(ciphertext.end() - kTagSize, ciphertext.end());
  return Secret::Filled(
      body.size(), [&](std::span<std::uint8_t> out) -> Result<void> {
        int size = 0;
        int rest = 0;
        std::array<std::uint8_t, kTagSize> unused{};
        // With a null output OpenSSL would take the input for aad.
        if ((!body.empty() &&
             EVP_CipherUpdate(context.get(), out.data(), &size, body.data(),
                              static_cast<int>(body.size())) != 1) ||
            EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG,
                                static_cast<int>(kTagSize), tag.data()) != 1 ||
            EVP_CipherFinal_ex(context.get(), unused.data(), &rest) != 1) {
          return OpensslError(Reason::kGrantInvalid,
                              "sealed message does not open with this key");
        }
        return {};
      });
}

Result<Secret> HpkeContext::Export(std::string_view exporter_context,
                                   std::size_t length) const {
  return LabeledExpand(kHpkeSuite, exporter_secret_, "sec",
                       AsBytes(exporter_context), length);
}

}  // namespace tdxvfs
