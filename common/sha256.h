// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_SHA256_H_
#define TDXVFS_COMMON_SHA256_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace tdxvfs {

using Sha256Digest = std::array<std::uint8_t, 32>;
using Sha512Digest = std::array<std::uint8_t, 64>;

// SHA-256 of one range of bytes. Fails with kInternal only.
Result<Sha256Digest> Sha256(std::span<const std::uint8_t> bytes);

// The project's unambiguous hash input: every field preceded by its length as
// u32 big-endian (docs/protocol.md, "Exact bytes").
class LengthPrefixed {
 public:
  LengthPrefixed& Add(std::span<const std::uint8_t> field);
  LengthPrefixed& Add(std::string_view field);
  Result<Sha256Digest> Sha256() const;
  Result<Sha512Digest> Sha512() const;

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_SHA256_H_
