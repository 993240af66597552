// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_WRITE_CONFIG_H_
#define TDXVFS_AGENT_WRITE_CONFIG_H_

#include <filesystem>
#include <string>
#include <vector>

#include "common/result.h"

namespace tdxvfs::agent {

// What `tdxvfs-agent config` was told.
struct ConfigRequest {
  std::string name;
  std::string image;
  std::string mount;
  std::vector<std::string> servers;
  std::string ca;           // empty: none
  std::string server_spki;  // empty: none
  std::string header;       // size of the header, "16 MiB"; empty: the default
};

// Writes volumes.d/NAME.toml and returns its path. What would not be readable
// again is refused before anything is written; an existing file is
// kAlreadyExists.
Result<std::filesystem::path> WriteVolumeConfig(
    const std::filesystem::path& config_directory,
    const ConfigRequest& request);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_WRITE_CONFIG_H_
