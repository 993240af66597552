// SPDX-License-Identifier: Apache-2.0
#include "agent/server_address.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace tdxvfs::agent {
namespace {

constexpr std::size_t kMaxHostLength = 253;  // RFC 1035 section 2.3.4

bool IsAddress(int family, const std::string& host) {
  std::array<std::uint8_t, 16> address{};
  return inet_pton(family, host.c_str(), address.data()) == 1;
}

bool IsHostName(std::string_view host) {
  return !host.empty() && host.size() <= kMaxHostLength &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
         });
}

Error NotAnAddress(std::string_view text) {
  return {Reason::kConfigInvalid,
          "'" + std::string(text) +
              R"(' is not like "keys.example.com:8443" or "[::1]:8443")"};
}

}  // namespace

std::string ServerAddress::ToString() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool ServerAddress::IsIpAddress() const {
  return IsAddress(AF_INET, host) || IsAddress(AF_INET6, host);
}

Result<ServerAddress> ParseServerAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return NotAnAddress(text);
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  ServerAddress address{std::string(host), 0};
  const char* const end = port.data() + port.size();
  const auto [rest, failure] = std::from_chars(port.data(), end, address.port);
  const bool good_host =
      bracketed ? IsAddress(AF_INET6, address.host) : IsHostName(host);
  if (!good_host || failure != std::errc() || rest != end ||
      address.port == 0) {
    return NotAnAddress(text);
  }
  return address;
}

}  // namespace tdxvfs::agent
