// SPDX-License-Identifier: Apache-2.0
#include "common/hkdf.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "common/openssl_error.h"
#include "common/owned_openssl.h"

namespace tdxvfs {
namespace {

using ByteSpan = std::span<const std::uint8_t>;

constexpr std::size_t kHmacSize = 32;
// RFC 5869 section 2.2: what an absent salt stands for. OpenSSL 3.0 has no MAC
// without a key.
constexpr std::array<std::uint8_t, kHmacSize> kNoSalt{};

// One half of HKDF. `salt_or_info` is the salt of Extract or the info of
// Expand.
Result<Secret> Derive(int mode, const Secret& key, ByteSpan salt_or_info,
                      std::size_t length) {
  const KdfPtr kdf(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_HKDF, nullptr));
  const KdfContextPtr context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  if (!context) {
    return OpensslError(Reason::kInternal, "set HKDF up");
  }
  const bool extract = mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
  std::array<char, 7> digest{"SHA256"};
  // The OSSL_PARAM constructors take non-const pointers that HKDF only reads.
  auto* key_data = const_cast<std::uint8_t*>(key.Reveal().data());
  auto* other_data = const_cast<std::uint8_t*>(salt_or_info.data());
  const std::array<OSSL_PARAM, 5> parameters = {
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key_data,
                                        key.size()),
      OSSL_PARAM_construct_octet_string(
          extract ? OSSL_KDF_PARAM_SALT : OSSL_KDF_PARAM_INFO, other_data,
          salt_or_info.size()),
      OSSL_PARAM_construct_end()};
  return Secret::Filled(
      length, [&](std::span<std::uint8_t> out) -> Result<void> {
        if (EVP_KDF_derive(context.get(), out.data(), out.size(),
                           parameters.data()) != 1) {
          return OpensslError(Reason::kInternal, "derive with HKDF");
        }
        return {};
      });
}

}  // namespace

Result<Secret> HkdfSha256Extract(ByteSpan salt,
                                 const Secret& input_keying_material) {
  return Derive(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, input_keying_material,
                salt.empty() ? ByteSpan(kNoSalt) : salt, kHmacSize);
}

Result<Secret> HkdfSha256Expand(const Secret& pseudorandom_key, ByteSpan info,
                                std::size_t length) {
  return Derive(EVP_KDF_HKDF_MODE_EXPAND_ONLY, pseudorandom_key, info, length);
}

Result<std::array<std::uint8_t, 32>> HmacSha256(const Secret& key,
                                                ByteSpan message) {
  std::array<std::uint8_t, kHmacSize> mac{};
  std::size_t size = 0;
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr,
                key.Reveal().data(), key.size(), message.data(), message.size(),
                mac.data(), mac.size(), &size) == nullptr ||
      size != mac.size()) {
    return OpensslError(Reason::kInternal, "compute an HMAC");
  }
  return mac;
}

}  // namespace tdxvfs
