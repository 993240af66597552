// SPDX-License-Identifier: Apache-2.0
#include "common/host_port.h"

#include <charconv>
#include <cstdint>
#include <system_error>

namespace tdxvfs {
namespace {

bool IsPort(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, port);
  return !text.empty() && read.ec == std::errc() && read.ptr == end;
}

}  // namespace

bool IsHostPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !IsPort(text.substr(colon + 1))) {
    return false;
  }
  const std::string_view host = text.substr(0, colon);
  const bool in_brackets = host.starts_with('[') && host.ends_with(']');
  return in_brackets || host.find_first_of("[]: ") == std::string_view::npos;
}

}  // namespace tdxvfs
