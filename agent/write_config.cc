// SPDX-License-Identifier: Apache-2.0
#include "agent/write_config.h"

#include <system_error>

#include "agent/toml_table.h"
#include "agent/volume_config.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/volume_name.h"

namespace tdxvfs::agent {
namespace {

constexpr mode_t kConfigMode = 0644;

std::string ConfigText(const ConfigRequest& request) {
  std::string text = "image   = " + TomlString(request.image) + "\n" +
                     "mount   = " + TomlString(request.mount) + "\n" +
                     "servers = [";
  std::string_view separator;
  for (const std::string& server : request.servers) {
    text += std::string(separator) + TomlString(server);
    separator = ", ";
  }
  text += "]\n";
  if (!request.ca.empty()) {
    text += "ca      = " + TomlString(request.ca) + "\n";
  }
  if (!request.server_spki.empty()) {
    text += "server_spki = " + TomlString(request.server_spki) + "\n";
  }
  if (!request.header.empty()) {
    text += "header  = " + TomlString(request.header) + "\n";
  }
  return text;
}

}  // namespace

Result<std::filesystem::path> WriteVolumeConfig(
    const std::filesystem::path& config_directory,
    const ConfigRequest& request) {
  RETURN_IF_ERROR(CheckVolumeName(request.name));
  const auto path = VolumeConfigPath(config_directory, request.name);
  const std::string text = ConfigText(request);
  auto readable = ParseVolumeConfig(request.name, path.string(), text);
  if (!readable.has_value()) {
    return std::move(readable).error();
  }
  std::error_code failure;
  std::filesystem::create_directories(path.parent_path(), failure);
  if (failure) {
    return SystemError(Reason::kPermission,
                       "make '" + path.parent_path().string() + "'",
                       failure.value());
  }
  RETURN_IF_ERROR(WriteNewFile(path, AsBytes(text), kConfigMode));
  return path;
}

}  // namespace tdxvfs::agent
