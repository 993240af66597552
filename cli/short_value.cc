// SPDX-License-Identifier: Apache-2.0
#include "cli/short_value.h"

#include <algorithm>

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kLongestHex = 24;
constexpr std::size_t kHexEnds = 8;
constexpr std::size_t kLongestText = 60;

// How many hex digits the word begins with, when at most a sign such as a comma
// stands behind them; else 0.
std::size_t HexSize(std::string_view word) {
  const std::size_t size =
      std::min(word.find_first_not_of("0123456789abcdef"), word.size());
  return word.size() - size <= 1 ? size : 0;
}

}  // namespace

std::string ShortValue(std::string_view text) {
  std::string shorter;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    const std::size_t hex = HexSize(word);
    if (hex > kLongestHex) {
      shorter += std::string(word.substr(0, kHexEnds)) + ".." +
                 std::string(word.substr(hex - kHexEnds));
    } else {
      shorter += word;
    }
    const std::size_t next = std::min(end + 1, rest.size());
    shorter += rest.substr(end, next - end);
    rest.remove_prefix(next);
  }
  if (shorter.size() > kLongestText) {
    shorter = shorter.substr(0, kLongestText) + "...";
  }
  return shorter;
}

}  // namespace tdxvfs::cli
