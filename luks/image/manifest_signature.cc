// SPDX-License-Identifier: Apache-2.0
#include "luks/image/manifest_signature.h"

#include <string>
#include <utility>

#include <openssl/pem.h>

#include "common/hex.h"
#include "common/openssl_error.h"

namespace tdxvfs::image {
namespace {

// A key under a passphrase is refused; without this OpenSSL would ask for it
// on the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/,
                 void* /*context*/) {
  return -1;
}

BioPtr Memory(std::span<const std::uint8_t> bytes) {
  return BioPtr(
      ::BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

Result<EvpPkeyPtr> Checked(EvpPkeyPtr key, std::string_view what) {
  if (key == nullptr) {
    return OpensslError(Reason::kFileInvalid, std::string(what) + " in PEM");
  }
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519) {
    return Error(Reason::kFileInvalid,
                 std::string(what) + " is not of Ed25519");
  }
  return key;
}

}  // namespace

Result<EvpPkeyPtr> ParseSigningKey(const Secret& pem) {
  const BioPtr memory = Memory(pem.Reveal());
  if (memory == nullptr) {
    return OpensslError(Reason::kInternal, "signing key");
  }
  return Checked(EvpPkeyPtr(PEM_read_bio_PrivateKey(memory.get(), nullptr,
                                                    NoPassphrase, nullptr)),
                 "signing key");
}

Result<EvpPkeyPtr> ParseVerifyKey(std::string_view pem) {
  if (pem.size() > kMaxKeyFile) {
    return Error(Reason::kFileInvalid, "verify key is too long");
  }
  const BioPtr memory = Memory(AsBytes(pem));
  if (memory == nullptr) {
    return OpensslError(Reason::kInternal, "verify key");
  }
  return Checked(EvpPkeyPtr(PEM_read_bio_PUBKEY(memory.get(), nullptr,
                                                NoPassphrase, nullptr)),
                 "verify key");
}

Result<ManifestSignature> SignManifest(std::string_view manifest,
                                       const EvpPkeyPtr& key) {
  const DigestContextPtr context(EVP_MD_CTX_new());
  ManifestSignature signature{};
  std::size_t size = signature.size();
  const auto bytes = AsBytes(manifest);
  // Without a digest: Ed25519 hashes by itself.
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) !=
          1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, bytes.data(),
                     bytes.size()) != 1 ||
      size != signature.size()) {
    return OpensslError(Reason::kInternal, "sign the manifest");
  }
  return signature;
}

Result<void> VerifyManifest(std::string_view manifest,
                            std::span<const std::uint8_t> signature,
                            const EvpPkeyPtr& key) {
  if (signature.size() != sizeof(ManifestSignature)) {
    return Error(Reason::kFileInvalid, "signature of the manifest has " +
                                           std::to_string(signature.size()) +
                                           " bytes, not 64");
  }
  const DigestContextPtr context(EVP_MD_CTX_new());
  const auto bytes = AsBytes(manifest);
  if (context == nullptr ||
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr,
                           key.get()) != 1) {
    return OpensslError(Reason::kInternal, "signature of the manifest");
  }
  if (EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                       bytes.data(), bytes.size()) != 1) {
    return OpensslError(Reason::kFileInvalid,
                        "the signature is not of this manifest by this key");
  }
  return {};
}

}  // namespace tdxvfs::image
