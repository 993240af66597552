// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_VOLUME_CONFIG_H_
#define TDXVFS_AGENT_VOLUME_CONFIG_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/server_address.h"
#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::agent {

// What /etc/tdxvfs/volumes.d/NAME.toml says about one volume.
struct VolumeConfig {
  std::string name;
  std::filesystem::path image;  // file or block device
  std::filesystem::path mount;
  std::vector<ServerAddress> servers;  // tried in this order
  std::filesystem::path ca;            // empty when only a key is pinned
  // SHA-256 of the server's SubjectPublicKeyInfo. With a CA: both must hold.
  std::optional<Sha256Digest> server_spki;
  std::chrono::seconds max_wait{0};  // 0: wait for ever
  std::chrono::seconds retry_slowly{600};
  std::uint64_t header_size = 0;  // bytes

  // The bytes that were read and are believed; the configuration digest is
  // made of these, so that a file exchanged meanwhile makes no difference.
  std::string file_bytes;
  std::string ca_bytes;
};

// volumes.d/NAME.toml below the configuration directory.
std::filesystem::path VolumeConfigPath(
    const std::filesystem::path& config_directory, std::string_view name);

// Reads the file of a volume and the CA file it names. Fails with
// kVolumeNameInvalid, kConfigMissing or kConfigInvalid; the message has file,
// line and key.
Result<VolumeConfig> LoadVolumeConfig(
    const std::filesystem::path& config_directory, std::string_view name);

// The same from bytes that were read already, without the CA file.
Result<VolumeConfig> ParseVolumeConfig(std::string_view name,
                                       std::string_view file_name,
                                       std::string bytes);

// The names of the volumes that have a file, sorted.
Result<std::vector<std::string>> ConfiguredVolumes(
    const std::filesystem::path& config_directory);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_VOLUME_CONFIG_H_
