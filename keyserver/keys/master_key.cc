// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/master_key.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/rand.h>

#include "common/hex.h"
#include "common/openssl_error.h"
#include "common/owned_openssl.h"
#include "keyserver/secret_source.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;
// More than a key has, so that a wrong file is told by its size.
constexpr std::size_t kMaxMasterKeyFile = 4096;
constexpr std::string_view kSealLabel = "tdxvfs-store-1";

using ByteSpan = std::span<const std::uint8_t>;

void AppendField(std::vector<std::uint8_t>* bytes, ByteSpan field) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes->push_back(static_cast<std::uint8_t>(field.size() >>
                                               static_cast<unsigned>(shift)));
  }
  bytes->insert(bytes->end(), field.begin(), field.end());
}

// Every field with its length before it, so that no two identities share bytes.
std::vector<std::uint8_t> AssociatedData(const RecordIdentity& identity) {
  std::vector<std::uint8_t> bytes;
  AppendField(&bytes, AsBytes(kSealLabel));
  AppendField(&bytes, AsBytes(identity.kind));
  AppendField(&bytes, AsBytes(identity.name));
  const std::string version = std::to_string(identity.version);
  AppendField(&bytes, AsBytes(version));
  AppendField(&bytes, identity.description);
  return bytes;
}

Result<CipherContextPtr> StartGcm(const Secret& key, ByteSpan nonce,
                                  ByteSpan associated_data, bool encrypt) {
  CipherContextPtr context(EVP_CIPHER_CTX_new());
  int ignored = 0;
  if (!context ||
      EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr,
                        key.Reveal().data(), nonce.data(),
                        encrypt ? 1 : 0) != 1 ||
      EVP_CipherUpdate(context.get(), nullptr, &ignored, associated_data.data(),
                       static_cast<int>(associated_data.size())) != 1) {
    return OpensslError(Reason::kInternal, "set AES-256-GCM up");
  }
  return context;
}

Result<std::size_t> PlaintextSize(ByteSpan sealed) {
  if (sealed.size() <= kNonceSize + kTagSize) {
    return Error(Reason::kStoreInvalid, "sealed record is too short");
  }
  return sealed.size() - kNonceSize - kTagSize;
}

}  // namespace

Result<MasterKey> MasterKey::Load(std::string_view source) {
  ASSIGN_OR_RETURN(Secret key, LoadSecret(source, kMaxMasterKeyFile));
  auto master_key = FromSecret(std::move(key));
  return std::move(master_key)
      .Context("master key '" + std::string(source) + "'");
}

Result<MasterKey> MasterKey::FromSecret(Secret key) {
  if (key.size() != kSize) {
    return Error(Reason::kConfigInvalid, "a master key has 32 bytes, not " +
                                             std::to_string(key.size()));
  }
  return MasterKey(std::move(key));
}

Result<std::vector<std::uint8_t>> MasterKey::Seal(
    const RecordIdentity& identity, ByteSpan plaintext) const {
  std::vector<std::uint8_t> sealed(kNonceSize + plaintext.size() + kTagSize);
  if (RAND_bytes(sealed.data(), static_cast<int>(kNonceSize)) != 1) {
    return OpensslError(Reason::kInternal, "random nonce");
  }
  const ByteSpan nonce = ByteSpan(sealed).first(kNonceSize);
  ASSIGN_OR_RETURN(const CipherContextPtr context,
                   StartGcm(key_, nonce, AssociatedData(identity), true));
  int size = 0;
  int rest = 0;
  std::uint8_t* const body = &sealed[kNonceSize];
  std::uint8_t* const tag = body + plaintext.size();
  if (EVP_CipherUpdate(context.get(), body, &size, plaintext.data(),
                       static_cast<int>(plaintext.size())) != 1 ||
      EVP_CipherFinal_ex(context.get(), tag, &rest) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG,
                          static_cast<int>(kTagSize), tag) != 1) {
    return OpensslError(Reason::kInternal, "seal with AES-256-GCM");
  }
  return sealed;
}

Result<void> MasterKey::UnsealInto(const RecordIdentity& identity,
                                   ByteSpan sealed,
                                   std::span<std::uint8_t> plaintext) const {
  const ByteSpan body = sealed.subspan(kNonceSize, plaintext.size());
  std::array<std::uint8_t, kTagSize> tag{};
  std::ranges::copy(sealed.last(kTagSize), tag.begin());
  ASSIGN_OR_RETURN(const CipherContextPtr context,
                   StartGcm(key_, sealed.first(kNonceSize),
                            AssociatedData(identity), false));
  int size = 0;
  int rest = 0;
  std::array<std::uint8_t, kTagSize> unused{};
  if (EVP_CipherUpdate(context.get(), plaintext.data(), &size, body.data(),
                       static_cast<int>(body.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG,
                          static_cast<int>(kTagSize), tag.data()) != 1 ||
      EVP_CipherFinal_ex(context.get(), unused.data(), &rest) != 1) {
    return OpensslError(Reason::kStoreInvalid,
                        "sealed " + std::string(identity.kind) +
                            " does not open under this key");
  }
  return {};
}

Result<Secret> MasterKey::Unseal(const RecordIdentity& identity,
                                 ByteSpan sealed) const {
  ASSIGN_OR_RETURN(const std::size_t size, PlaintextSize(sealed));
  return Secret::Filled(size, [&](std::span<std::uint8_t> plaintext) {
    return UnsealInto(identity, sealed, plaintext);
  });
}

Result<std::vector<std::uint8_t>> MasterKey::UnsealRecord(
    const RecordIdentity& identity, ByteSpan sealed) const {
  ASSIGN_OR_RETURN(const std::size_t size, PlaintextSize(sealed));
  std::vector<std::uint8_t> plaintext(size);
  RETURN_IF_ERROR(UnsealInto(identity, sealed, plaintext));
  return plaintext;
}

}  // namespace tdxvfs::keyserver
