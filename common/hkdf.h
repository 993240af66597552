// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_HKDF_H_
#define TDXVFS_COMMON_HKDF_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs {

// The two halves of HKDF with SHA-256 (RFC 5869). An empty salt stands for 32
// zero bytes (section 2.2). They fail with kInternal only.
Result<Secret> HkdfSha256Extract(std::span<const std::uint8_t> salt,
                                 const Secret& input_keying_material);
// `length` is at most 255 * 32 bytes (section 2.3).
Result<Secret> HkdfSha256Expand(const Secret& pseudorandom_key,
                                std::span<const std::uint8_t> info,
                                std::size_t length);

// HMAC-SHA-256 of `message` under `key`, 32 bytes.
Result<std::array<std::uint8_t, 32>> HmacSha256(
    const Secret& key, std::span<const std::uint8_t> message);

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_HKDF_H_
