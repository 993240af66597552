// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_X25519_H_
#define TDXVFS_COMMON_X25519_H_

#include <array>
#include <cstdint>

#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs {

using X25519PublicKey = std::array<std::uint8_t, 32>;

// An X25519 key pair (RFC 7748); the private half is wiped with the pair.
struct X25519KeyPair {
  Secret private_key;  // 32 bytes
  X25519PublicKey public_key{};

  static Result<X25519KeyPair> Generate();
  // Fails with kInternal when `private_key` has not 32 bytes.
  static Result<X25519KeyPair> FromPrivate(Secret private_key);
};

// The shared secret of `own` and `peer`, 32 bytes. Fails with `refused` when it
// would be all zero, which a peer can only bring about with a point of small
// order.
Result<Secret> X25519(const X25519KeyPair& own, const X25519PublicKey& peer,
                      Reason refused);

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_X25519_H_
