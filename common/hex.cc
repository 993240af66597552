// SPDX-License-Identifier: Apache-2.0
#include "common/hex.h"

namespace tdxvfs {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

int DigitValue(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  if (digit >= 'a' && digit <= 'f') {
    return digit - 'a' + 10;
  }
  if (digit >= 'A' && digit <= 'F') {
    return digit - 'A' + 10;
  }
  return -1;
}

}  // namespace

std::string ToHex(std::span<const std::uint8_t> bytes) {
  std::string text(bytes.size() * 2, '0');
  std::size_t at = 0;
  for (const std::uint8_t byte : bytes) {
    text[at++] = kHexDigits[byte >> 4U];
    text[at++] = kHexDigits[byte & 0x0fU];
  }
  return text;
}

Result<std::vector<std::uint8_t>> FromHex(std::string_view text) {
  if (text.size() % 2 != 0) {
    return Error(Reason::kFileInvalid, "hex text has an odd number of digits");
  }
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = DigitValue(text[i]);
    const int low = DigitValue(text[i + 1]);
    if (high < 0 || low < 0) {
      return Error(Reason::kFileInvalid,
                   "hex text has a character that is "
                   "not a hex digit");
    }
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

}  // namespace tdxvfs
