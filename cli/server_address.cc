// SPDX-License-Identifier: Apache-2.0
#include "cli/server_address.h"

#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <utility>

// Debian's shared library of toml++ throws; compiled in here, it does not.
#undef TOML_SHARED_LIB
#undef TOML_HEADER_ONLY
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "common/file.h"
#include "common/host_port.h"

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kMaxConfigSize = std::size_t{64} * 1024;  // bytes
constexpr std::string_view kScheme = "unix:";
constexpr std::array<std::string_view, 4> kKeys = {"server", "ca",
                                                   "certificate", "key"};
// sun_path ends with a NUL.
constexpr std::size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;

Error ConfigError(const std::filesystem::path& path,
                  const toml::source_region& where, const std::string& what) {
  return {Reason::kConfigInvalid, "file '" + path.string() + "', line " +
                                      std::to_string(where.begin.line) + ": " +
                                      what};
}

// What ~/.config/tdxvfs/config.toml says; empty members are not set.
struct ClientConfig {
  std::filesystem::path path;
  std::string server;
  ClientFiles files;
};

Result<void> Read(const std::filesystem::path& path, std::string_view key,
                  const toml::node& value, ClientConfig* config) {
  const auto text = value.value_exact<std::string>();
  if (!text.has_value()) {
    return ConfigError(path, value.source(),
                       "'" + std::string(key) + "' must be a string");
  }
  if (key == "server") {
    config->server = *text;
    return {};
  }
  if (!text->starts_with('/')) {
    return ConfigError(path, value.source(),
                       "'" + std::string(key) + "' must be an absolute path");
  }
  (key == "ca"            ? config->files.ca
   : key == "certificate" ? config->files.certificate
                          : config->files.key) = *text;
  return {};
}

// Empty when there is no such file.
Result<ClientConfig> ReadClientConfig() {
  ClientConfig config;
  const char* const home = std::getenv("HOME");
  if (home == nullptr || *home != '/') {
    return config;
  }
  config.path = std::filesystem::path(home) / ".config/tdxvfs/config.toml";
  auto text = ReadConfigFile(config.path, kMaxConfigSize);
  if (!text.has_value()) {
    if (text.error().reason() == Reason::kConfigMissing) {
      return config;
    }
    return std::move(text).error();
  }
  const toml::parse_result parsed = toml::parse(*text);
  if (!parsed) {
    return ConfigError(config.path, parsed.error().source(),
                       std::string(parsed.error().description()));
  }
  for (const auto& [key, value] : parsed.table()) {
    if (std::ranges::find(kKeys, key.str()) == kKeys.end()) {
      return ConfigError(config.path, key.source(),
                         "unknown key '" + std::string(key.str()) + "'");
    }
    RETURN_IF_ERROR(Read(config.path, key.str(), value, &config));
  }
  return config;
}

// Gives an address on the network its files.
Result<ServerAddress> WithFiles(ServerAddress address,
                                const ClientConfig& config) {
  if (!address.remote()) {
    return address;
  }
  address.files = config.files;
  if (address.files.ca.empty() || address.files.certificate.empty() ||
      address.files.key.empty()) {
    return Error(Reason::kConfigMissing,
                 "server '" + address.host_port + "' is asked over TLS: '" +
                     config.path.string() +
                     "' must name ca, certificate and key");
  }
  return address;
}

}  // namespace

Result<ServerAddress> ParseServerAddress(std::string_view text) {
  std::string_view path = text;
  const std::string name = "server '" + std::string(text) + "'";
  if (path.starts_with(kScheme)) {
    path.remove_prefix(kScheme.size());
  } else if (path.find('/') == std::string_view::npos) {
    if (!IsHostPort(text) || text.starts_with(':')) {
      return Error(Reason::kUsage,
                   name + " is neither a socket's path nor HOST:PORT");
    }
    return ServerAddress{.socket = {}, .host_port = std::string(text)};
  }
  if (path.empty() || path.size() > kMaxSocketPath) {
    return Error(Reason::kUsage, name + ": a socket's path has 1 to " +
                                     std::to_string(kMaxSocketPath) +
                                     " characters");
  }
  return ServerAddress{.socket = path};
}

// The file is read only when something of it is needed.
Result<ServerAddress> FindServer(std::string_view option) {
  const char* const variable = std::getenv("TDXVFS_SERVER");
  std::string_view named = option;
  std::string_view where = "--server";
  if (named.empty() && variable != nullptr) {
    named = variable;
    where = "TDXVFS_SERVER";
  }
  if (!named.empty()) {
    ASSIGN_OR_RETURN(ServerAddress address,
                     ParseServerAddress(named).Context(std::string(where)));
    if (!address.remote()) {
      return address;
    }
    ASSIGN_OR_RETURN(const ClientConfig config, ReadClientConfig());
    return WithFiles(std::move(address), config);
  }
  ASSIGN_OR_RETURN(const ClientConfig config, ReadClientConfig());
  if (config.server.empty()) {
    return ServerAddress{.socket = kDefaultAdminSocket};
  }
  ASSIGN_OR_RETURN(ServerAddress address,
                   ParseServerAddress(config.server)
                       .Context("file '" + config.path.string() + "'"));
  return WithFiles(std::move(address), config);
}

}  // namespace tdxvfs::cli
