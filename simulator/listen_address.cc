// SPDX-License-Identifier: Apache-2.0
#include "simulator/listen_address.h"

#include <netdb.h>

#include <charconv>
#include <cstring>
#include <memory>

#include "common/owned_openssl.h"

namespace tdxvfs::simulator {

Result<ListenAddress> ParseListenAddress(std::string_view text) {
  const Error wrong(Reason::kUsage,
                    "--listen: '" + std::string(text) +
                        "' is not ADDRESS:PORT with a numeric address");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return wrong;
  }
  ListenAddress address;
  address.host = text.substr(0, colon);
  std::string bare = address.host;
  if (bare.front() == '[' && bare.back() == ']') {
    bare = bare.substr(1, bare.size() - 2);
  }
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string port(text.substr(colon + 1));
  // getaddrinfo takes larger numbers modulo 65536.
  std::uint16_t number = 0;
  const char* const end = port.data() + port.size();
  const auto read = std::from_chars(port.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end ||
      getaddrinfo(bare.c_str(), port.c_str(), &wanted, &found) != 0) {
    return wrong;
  }
  const std::unique_ptr<addrinfo, FreeWith<freeaddrinfo>> owner(found);
  std::memcpy(&address.socket, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  return address;
}

}  // namespace tdxvfs::simulator
