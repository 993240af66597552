// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_HEX_H_
#define TDXVFS_COMMON_HEX_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace tdxvfs {

// Two lower-case digits a byte, in order.
std::string ToHex(std::span<const std::uint8_t> bytes);

// Reads an even number of digits of either case and nothing else. Fails with
// kFileInvalid.
Result<std::vector<std::uint8_t>> FromHex(std::string_view text);

// Text as bytes, without a copy.
inline std::span<const std::uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Bytes as text, without a copy.
inline std::string_view AsText(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_HEX_H_
