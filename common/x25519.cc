// SPDX-License-Identifier: Apache-2.0
#include "common/x25519.h"

#include <utility>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "common/openssl_error.h"
#include "common/owned_openssl.h"

namespace tdxvfs {
namespace {

constexpr std::size_t kX25519KeySize = 32;

// Told both halves, OpenSSL does not compute the public one anew. It keeps its
// copy of the private half in the secure heap too.
Result<EvpPkeyPtr> KeyOf(const X25519KeyPair& pair) {
  const auto octets = [](const char* name, std::span<const std::uint8_t> half) {
    return OSSL_PARAM_construct_octet_string(
        name, const_cast<std::uint8_t*>(half.data()), half.size());
  };
  std::array<OSSL_PARAM, 3> halves = {
      octets(OSSL_PKEY_PARAM_PRIV_KEY, pair.private_key.Reveal()),
      octets(OSSL_PKEY_PARAM_PUB_KEY, pair.public_key), OSSL_PARAM_END};
  const PkeyContextPtr context(
      EVP_PKEY_CTX_new_from_name(nullptr, "X25519", nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, halves.data()) !=
          1) {
    return OpensslError(Reason::kInternal, "load an X25519 key");
  }
  return EvpPkeyPtr(key);
}

}  // namespace

Result<X25519KeyPair> X25519KeyPair::Generate() {
  ASSIGN_OR_RETURN(Secret private_key, Secret::Random(kX25519KeySize));
  return FromPrivate(std::move(private_key));
}

Result<X25519KeyPair> X25519KeyPair::FromPrivate(Secret private_key) {
  const EvpPkeyPtr key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr,
                                                    private_key.Reveal().data(),
                                                    private_key.size()));
  X25519KeyPair pair{std::move(private_key), {}};
  std::size_t size = pair.public_key.size();
  if (!key ||
      EVP_PKEY_get_raw_public_key(key.get(), pair.public_key.data(), &size) !=
          1 ||
      size != pair.public_key.size()) {
    return OpensslError(Reason::kInternal, "make an X25519 key");
  }
  return pair;
}

Result<Secret> X25519(const X25519KeyPair& own, const X25519PublicKey& peer,
                      Reason refused) {
  ASSIGN_OR_RETURN(const EvpPkeyPtr key, KeyOf(own));
  const EvpPkeyPtr other(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr,
                                                     peer.data(), peer.size()));
  const PkeyContextPtr context(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (!other || !context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), other.get()) != 1) {
    return OpensslError(Reason::kInternal, "set X25519 up");
  }
  return Secret::Filled(
      kX25519KeySize, [&](std::span<std::uint8_t> out) -> Result<void> {
        std::size_t size = out.size();
        // OpenSSL reports an all-zero result as a failure.
        if (EVP_PKEY_derive(context.get(), out.data(), &size) != 1 ||
            size != out.size()) {
          return OpensslError(refused, "X25519 with the peer's key");
        }
        return {};
      });
}

}  // namespace tdxvfs
