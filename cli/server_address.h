// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_SERVER_ADDRESS_H_
#define TDXVFS_CLI_SERVER_ADDRESS_H_

#include <filesystem>
#include <string>
#include <string_view>

#include "common/result.h"

namespace tdxvfs::cli {

inline constexpr const char* kDefaultAdminSocket = "/run/tdxvfs/admin.sock";

// What a TLS connection to a key server needs, PEM: the authority of the
// server's certificate, and the certificate and key that say who we are.
struct ClientFiles {
  std::filesystem::path ca;
  std::filesystem::path certificate;
  std::filesystem::path key;
};

// Where a key server is administered: at a local socket, or at "HOST:PORT" over
// TLS.
struct ServerAddress {
  std::filesystem::path socket;  // empty: over TLS
  std::string host_port{};
  ClientFiles files{};

  bool remote() const { return socket.empty(); }
};

// Finds the key server to administer: `option` (from --server) if not empty,
// else the environment variable TDXVFS_SERVER, else `server` of
// ~/.config/tdxvfs/config.toml, else kDefaultAdminSocket. The keys `ca`,
// `certificate` and `key` of that file go with an address on the network,
// wherever it comes from. Fails with kUsage (an address that cannot be read),
// kConfigInvalid (the file, with its line) or kConfigMissing (no files for an
// address on the network).
Result<ServerAddress> FindServer(std::string_view option);

// "PATH" (with a '/'), "unix:PATH", "HOST:PORT" or "[IPV6]:PORT". Fails with
// kUsage.
Result<ServerAddress> ParseServerAddress(std::string_view text);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_SERVER_ADDRESS_H_
