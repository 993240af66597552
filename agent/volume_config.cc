// SPDX-License-Identifier: Apache-2.0
#include "agent/volume_config.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <openssl/evp.h>

#include "agent/quantity.h"
#include "agent/toml_table.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/volume_name.h"
#include "luks/header.h"

namespace tdxvfs::agent {
namespace {

constexpr std::size_t kMaxConfigSize = 64UL * 1024;
constexpr std::size_t kMaxCaSize = 256UL * 1024;
constexpr std::uint64_t kHeaderGranule = 4096;
constexpr std::string_view kPinPrefix = "sha256:";
constexpr std::string_view kSuffix = ".toml";

Result<std::filesystem::path> AbsolutePath(const TomlTable& table,
                                           std::string_view key) {
  ASSIGN_OR_RETURN(const std::string text, table.RequiredText(key));
  std::filesystem::path path(text);
  if (!path.is_absolute() || text.find('\0') != std::string::npos) {
    return table.About(key, "must be an absolute path");
  }
  path = path.lexically_normal();
  // "/mnt/data/" is "/mnt/data" to the kernel.
  return path.has_filename() ? path : path.parent_path();
}

// 32 bytes in Base64 (RFC 4648 section 4): 43 digits and one '='.
std::optional<Sha256Digest> FromBase64(std::string_view text) {
  std::array<std::uint8_t, 33> decoded{};
  Sha256Digest digest{};
  if (text.size() != 44 || text[43] != '=' || text[42] == '=' ||
      EVP_DecodeBlock(decoded.data(), AsBytes(text).data(), 44) != 33) {
    return std::nullopt;
  }
  std::copy_n(decoded.begin(), digest.size(), digest.begin());
  return digest;
}

std::optional<Sha256Digest> ParsePin(std::string_view text) {
  if (!text.starts_with(kPinPrefix)) {
    return std::nullopt;
  }
  text.remove_prefix(kPinPrefix.size());
  const auto bytes = FromHex(text);
  Sha256Digest digest{};
  if (bytes.has_value() && bytes->size() == digest.size()) {
    std::copy(bytes->begin(), bytes->end(), digest.begin());
    return digest;
  }
  return FromBase64(text);
}

Result<void> ReadServers(const TomlTable& table, VolumeConfig* config) {
  ASSIGN_OR_RETURN(const std::vector<std::string> servers,
                   table.RequiredTexts("servers"));
  for (const std::string& server : servers) {
    auto address = ParseServerAddress(server);
    if (!address.has_value()) {
      return table.About("servers", address.error().message());
    }
    config->servers.push_back(*std::move(address));
  }
  ASSIGN_OR_RETURN(const auto ca, table.Text("ca"));
  ASSIGN_OR_RETURN(const auto pin, table.Text("server_spki"));
  if (ca.has_value()) {
    ASSIGN_OR_RETURN(config->ca, AbsolutePath(table, "ca"));
  }
  if (pin.has_value()) {
    config->server_spki = ParsePin(*pin);
    if (!config->server_spki.has_value()) {
      return table.About("server_spki",
                         "must be \"sha256:\" and 32 bytes in hex or Base64");
    }
  }
  if (!ca.has_value() && !pin.has_value()) {
    // An agent that trusts any server would take any server's volume (A4).
    return table.About("servers", "needs 'ca' or 'server_spki' beside it");
  }
  return {};
}

Result<void> ReadDuration(const TomlTable& table, std::string_view key,
                          std::chrono::seconds* duration) {
  ASSIGN_OR_RETURN(const auto text, table.Text(key));
  if (!text.has_value()) {
    return {};
  }
  const auto parsed = ParseDuration(*text);
  if (!parsed.has_value()) {
    return table.About(key, parsed.error().message());
  }
  *duration = *parsed;
  return {};
}

Result<void> ReadHeaderSize(const TomlTable& table, VolumeConfig* config) {
  config->header_size = luks::kDefaultHeaderSize;
  ASSIGN_OR_RETURN(const auto text, table.Text("header"));
  if (!text.has_value()) {
    return {};
  }
  const auto size = ParseSize(*text);
  if (!size.has_value()) {
    return table.About("header", size.error().message());
  }
  if (*size == 0 || *size > luks::kMaxHeaderSize ||
      *size % kHeaderGranule != 0) {
    return table.About("header", "must be a multiple of 4 KiB up to 16 MiB");
  }
  config->header_size = *size;
  return {};
}

}  // namespace

std::filesystem::path VolumeConfigPath(
    const std::filesystem::path& config_directory, std::string_view name) {
  return config_directory / "volumes.d" /
         (std::string(name) + std::string(kSuffix));
}

Result<VolumeConfig> ParseVolumeConfig(std::string_view name,
                                       std::string_view file_name,
                                       std::string bytes) {
  ASSIGN_OR_RETURN(const TomlTable table, TomlTable::Parse(file_name, bytes));
  RETURN_IF_ERROR(
      table.AllowOnly({"image", "mount", "servers", "ca", "server_spki",
                       "max_wait", "retry_slowly", "header"}));
  VolumeConfig config;
  config.name = std::string(name);
  ASSIGN_OR_RETURN(config.image, AbsolutePath(table, "image"));
  ASSIGN_OR_RETURN(config.mount, AbsolutePath(table, "mount"));
  RETURN_IF_ERROR(ReadServers(table, &config));
  RETURN_IF_ERROR(ReadDuration(table, "max_wait", &config.max_wait));
  RETURN_IF_ERROR(ReadDuration(table, "retry_slowly", &config.retry_slowly));
  if (config.retry_slowly < std::chrono::seconds(1)) {
    return table.About("retry_slowly", "must be one second or more");
  }
  RETURN_IF_ERROR(ReadHeaderSize(table, &config));
  config.file_bytes = std::move(bytes);
  return config;
}

Result<VolumeConfig> LoadVolumeConfig(
    const std::filesystem::path& config_directory, std::string_view name) {
  RETURN_IF_ERROR(CheckVolumeName(name));
  const auto path = VolumeConfigPath(config_directory, name);
  ASSIGN_OR_RETURN(std::string bytes, ReadConfigFile(path, kMaxConfigSize));
  ASSIGN_OR_RETURN(VolumeConfig config,
                   ParseVolumeConfig(name, path.string(), std::move(bytes)));
  if (!config.ca.empty()) {
    auto ca = ReadConfigFile(config.ca, kMaxCaSize);
    if (!ca.has_value()) {
      return std::move(ca).Context("'" + path.string() + "': 'ca'").error();
    }
    config.ca_bytes = *std::move(ca);
  }
  return config;
}

Result<std::vector<std::string>> ConfiguredVolumes(
    const std::filesystem::path& config_directory) {
  const auto directory = config_directory / "volumes.d";
  std::error_code failure;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entry(directory, failure);
  if (failure == std::errc::no_such_file_or_directory) {
    return names;
  }
  for (const std::filesystem::directory_iterator end; !failure && entry != end;
       entry.increment(failure)) {
    const std::string stem = entry->path().stem().string();
    if (entry->path().extension() == kSuffix &&
        CheckVolumeName(stem).has_value()) {
      names.push_back(stem);
    }
  }
  if (failure) {
    return SystemError(Reason::kConfigInvalid,
                       "read directory '" + directory.string() + "'",
                       failure.value());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace tdxvfs::agent
