// SPDX-License-Identifier: Apache-2.0
#include "common/x25519.h"

#include <utility>

#include "common/openssl_error.h"
#include "common/owned_openssl.h"

namespace tdxvfs {
namespace {

constexpr std::size_t kX25519KeySize = 32;

// OpenSSL keeps its copy of the private half in the secure heap too.
EvpPkeyPtr PrivateKey(const Secret& private_key) {
  return EvpPkeyPtr(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr,
                                                 private_key.Reveal().data(),
                                                 private_key.size()));
}

}  // namespace

Result<X25519KeyPair> X25519KeyPair::Generate() {
  ASSIGN_OR_RETURN(Secret private_key, Secret::Random(kX25519KeySize));
  return FromPrivate(std::move(private_key));
}

Result<X25519KeyPair> X25519KeyPair::FromPrivate(Secret private_key) {
  const EvpPkeyPtr key = PrivateKey(private_key);
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

Result<Secret> X25519(const Secret& private_key, const X25519PublicKey& peer,
                      Reason refused) {
  const EvpPkeyPtr own = PrivateKey(private_key);
  const EvpPkeyPtr other(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr,
                                                     peer.data(), peer.size()));
  const PkeyContextPtr context(own ? EVP_PKEY_CTX_new(own.get(), nullptr)
                                   : nullptr);
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
