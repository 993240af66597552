// SPDX-License-Identifier: Apache-2.0
#include "luks/table_words.h"

#include <sys/sysmacros.h>

#include <charconv>
#include <limits>
#include <system_error>

namespace tdxvfs::luks {

bool ReadTableNumber(std::string_view text, std::uint64_t* number) {
  std::uint64_t read = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, read);
  if (problem != std::errc() || rest != end) {
    return false;
  }
  *number = read;
  return true;
}

bool ReadTableDevice(std::string_view text, dev_t* device) {
  constexpr std::uint64_t most = std::numeric_limits<unsigned>::max();
  const std::size_t colon = text.find(':');
  std::uint64_t major_number = 0;
  std::uint64_t minor_number = 0;
  if (colon == std::string_view::npos ||
      !ReadTableNumber(text.substr(0, colon), &major_number) ||
      !ReadTableNumber(text.substr(colon + 1), &minor_number) ||
      major_number > most || minor_number > most) {
    return false;
  }
  *device = makedev(static_cast<unsigned>(major_number),
                    static_cast<unsigned>(minor_number));
  return true;
}

}  // namespace tdxvfs::luks
