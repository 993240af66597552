// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_SERVER_ADDRESS_H_
#define TDXVFS_CLI_SERVER_ADDRESS_H_

#include <filesystem>
#include <string_view>

#include "common/result.h"

namespace tdxvfs::cli {

inline constexpr const char* kDefaultAdminSocket = "/run/tdxvfs/admin.sock";

// Finds the admin socket of the key server to administer: `option` (from
// --server) if not empty, else the environment variable TDXVFS_SERVER, else
// `server` of ~/.config/tdxvfs/config.toml, else kDefaultAdminSocket. Fails
// with kUsage (an address that cannot be read), kConfigInvalid (the file, with
// its line) or kNotSupported (the address of a remote server).
Result<std::filesystem::path> FindAdminSocket(std::string_view option);

// Reads one address: `unix:PATH` or a path with a slash in it.
Result<std::filesystem::path> ParseServerAddress(std::string_view text);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_SERVER_ADDRESS_H_
