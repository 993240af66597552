// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_SERVER_ADDRESS_H_
#define TDXVFS_AGENT_SERVER_ADDRESS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace tdxvfs::agent {

// Where a key server listens: a host name, an IPv4 address or an IPv6 address
// (without brackets here), and a port.
struct ServerAddress {
  std::string host;
  std::uint16_t port = 0;

  // "host:port" or "[v6]:port".
  std::string ToString() const;
  // Whether the host is an address in numbers.
  bool IsIpAddress() const;
};

// Reads "host:port" or "[v6]:port"; the port is always given. Anything else,
// a URI scheme for example, fails with kConfigInvalid.
Result<ServerAddress> ParseServerAddress(std::string_view text);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_SERVER_ADDRESS_H_
