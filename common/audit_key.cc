// SPDX-License-Identifier: Apache-2.0
#include "common/audit_key.h"

#include <optional>
#include <utility>

#include <openssl/pem.h>

#include "common/hex.h"
#include "common/openssl_error.h"

namespace tdxvfs::audit {
namespace {

constexpr std::size_t kSignatureSize = 64;
constexpr int kMaxPem = 4096;

std::optional<PublicKey> PublicHalf(const EVP_PKEY* key) {
  PublicKey::Bytes bytes{};
  std::size_t size = bytes.size();
  if (key == nullptr || EVP_PKEY_is_a(key, "ED25519") != 1 ||
      EVP_PKEY_get_raw_public_key(key, bytes.data(), &size) != 1 ||
      size != bytes.size()) {
    return std::nullopt;
  }
  return PublicKey(bytes);
}

EvpPkeyPtr Handle(const PublicKey& key) {
  return EvpPkeyPtr(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, key.bytes().data(), key.bytes().size()));
}

// Never asks a terminal for a passphrase.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*rwflag*/,
                 void* /*user*/) {
  return -1;
}

}  // namespace

Result<PublicKey> PublicKey::FromPem(std::string_view pem) {
  const BioPtr bio(BIO_new_mem_buf(
      pem.data(), static_cast<int>(pem.substr(0, kMaxPem).size())));
  const EvpPkeyPtr key(
      bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, NoPassphrase, nullptr)
          : nullptr);
  const auto half = PublicHalf(key.get());
  if (!half.has_value()) {
    return OpensslError(Reason::kFileInvalid,
                        "not an Ed25519 public key (PEM)");
  }
  return *half;
}

Result<std::string> PublicKey::ToPem() const {
  const EvpPkeyPtr key = Handle(*this);
  const BioPtr bio(BIO_new(BIO_s_mem()));
  char* data = nullptr;
  if (!key || !bio || PEM_write_bio_PUBKEY(bio.get(), key.get()) != 1) {
    return OpensslError(Reason::kInternal, "write a public key");
  }
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

bool PublicKey::Verifies(std::string_view text,
                         std::string_view signature) const {
  const EvpPkeyPtr key = Handle(*this);
  const DigestContextPtr context(EVP_MD_CTX_new());
  if (!key || !context || signature.size() != kSignatureSize ||
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr,
                           key.get()) != 1) {
    return false;
  }
  const auto bytes = AsBytes(signature);
  const auto covered = AsBytes(text);
  return EVP_DigestVerify(context.get(), bytes.data(), bytes.size(),
                          covered.data(), covered.size()) == 1;
}

Result<SigningKey> SigningKey::Make() {
  EvpPkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const auto half = PublicHalf(key.get());
  if (!half.has_value()) {
    return OpensslError(Reason::kInternal, "make an Ed25519 key");
  }
  return SigningKey(std::move(key), *half);
}

Result<SigningKey> SigningKey::FromPem(const Secret& pem) {
  const auto bytes = pem.Reveal();
  const BioPtr bio(
      BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  EvpPkeyPtr key(
      bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr)
          : nullptr);
  const auto half = PublicHalf(key.get());
  if (!half.has_value()) {
    return OpensslError(Reason::kConfigInvalid,
                        "not an Ed25519 private key (PEM)");
  }
  return SigningKey(std::move(key), *half);
}

Result<Secret> SigningKey::ToPem() const {
  // Secure memory: the text is as secret as the key.
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  char* data = nullptr;
  if (!bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0,
                                    nullptr, nullptr) != 1) {
    return OpensslError(Reason::kInternal, "write a private key");
  }
  const long size = BIO_get_mem_data(bio.get(), &data);
  return Secret::CopyOf(
      AsBytes(std::string_view(data, static_cast<std::size_t>(size))));
}

Result<std::string> SigningKey::Sign(std::string_view text) const {
  const DigestContextPtr context(EVP_MD_CTX_new());
  std::string signature(kSignatureSize, '\0');
  std::size_t size = signature.size();
  const auto covered = AsBytes(text);
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr,
                         key_.get()) != 1 ||
      EVP_DigestSign(context.get(),
                     reinterpret_cast<std::uint8_t*>(signature.data()), &size,
                     covered.data(), covered.size()) != 1 ||
      size != kSignatureSize) {
    return OpensslError(Reason::kInternal, "sign");
  }
  return signature;
}

}  // namespace tdxvfs::audit
