// SPDX-License-Identifier: Apache-2.0
#include "common/utf8.h"

#include <algorithm>
#include <cstdint>

namespace tdxvfs {

std::size_t Utf8Length(std::string_view text) {
  const auto at = [&](std::size_t i) {
    return static_cast<std::uint8_t>(text[i]);
  };
  const auto continues = [&](std::size_t i, std::uint8_t low = 0x80,
                             std::uint8_t high = 0xbf) {
    return i < text.size() && at(i) >= low && at(i) <= high;
  };
  const std::uint8_t first = at(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xc2 && first <= 0xdf) {
    return continues(1) ? 2 : 0;
  }
  if (first >= 0xe0 && first <= 0xef) {
    const std::uint8_t low = first == 0xe0 ? 0xa0 : 0x80;
    const std::uint8_t high = first == 0xed ? 0x9f : 0xbf;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const std::uint8_t low = first == 0xf0 ? 0x90 : 0x80;
    const std::uint8_t high = first == 0xf4 ? 0x8f : 0xbf;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    // Nearly all text is ASCII.
    const auto ascii_end =
        std::ranges::find_if(text, [](char c) { return (c & 0x80) != 0; });
    text.remove_prefix(static_cast<std::size_t>(ascii_end - text.begin()));
    const std::size_t length = text.empty() ? 0 : Utf8Length(text);
    if (length == 0) {
      return text.empty();
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace tdxvfs
