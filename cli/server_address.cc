// SPDX-License-Identifier: Apache-2.0
#include "cli/server_address.h"

#include <sys/un.h>

#include <cstdlib>
#include <optional>
#include <string>

// Debian's shared library of toml++ throws; compiled in here, it does not.
#undef TOML_SHARED_LIB
#undef TOML_HEADER_ONLY
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "common/file.h"

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kMaxConfigSize = std::size_t{64} * 1024;  // bytes
constexpr std::string_view kScheme = "unix:";
// sun_path ends with a NUL.
constexpr std::size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;

Error ConfigError(const std::filesystem::path& path,
                  const toml::source_region& where, const std::string& what) {
  return {Reason::kConfigInvalid, "file '" + path.string() + "', line " +
                                      std::to_string(where.begin.line) + ": " +
                                      what};
}

// The value of `server`, or nothing when the file does not set it.
Result<std::optional<std::string>> ServerOfConfig(
    const std::filesystem::path& path) {
  auto text = ReadConfigFile(path, kMaxConfigSize);
  if (!text.has_value()) {
    if (text.error().reason() == Reason::kConfigMissing) {
      return std::optional<std::string>();
    }
    return std::move(text).error();
  }
  const toml::parse_result parsed = toml::parse(*text);
  if (!parsed) {
    return ConfigError(path, parsed.error().source(),
                       std::string(parsed.error().description()));
  }
  std::optional<std::string> server;
  for (const auto& [key, value] : parsed.table()) {
    if (key != "server") {
      return ConfigError(path, key.source(),
                         "unknown key '" + std::string(key.str()) + "'");
    }
    server = value.value_exact<std::string>();
    if (!server.has_value()) {
      return ConfigError(path, value.source(), "'server' must be a string");
    }
  }
  return server;
}

}  // namespace

Result<std::filesystem::path> ParseServerAddress(std::string_view text) {
  std::string_view path = text;
  if (path.starts_with(kScheme)) {
    path.remove_prefix(kScheme.size());
  } else if (path.find('/') == std::string_view::npos) {
    return Error(Reason::kNotSupported,
                 "server '" + std::string(text) +
                     "': only the admin socket of a key server on this "
                     "machine can be used; give its path");
  }
  if (path.empty() || path.size() > kMaxSocketPath) {
    return Error(Reason::kUsage, "server '" + std::string(text) +
                                     "': a socket's path has 1 to " +
                                     std::to_string(kMaxSocketPath) +
                                     " characters");
  }
  return std::filesystem::path(path);
}

Result<std::filesystem::path> FindAdminSocket(std::string_view option) {
  if (!option.empty()) {
    return ParseServerAddress(option).Context("--server");
  }
  if (const char* variable = std::getenv("TDXVFS_SERVER");
      variable != nullptr && *variable != '\0') {
    return ParseServerAddress(variable).Context("TDXVFS_SERVER");
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    const auto path =
        std::filesystem::path(home) / ".config/tdxvfs/config.toml";
    ASSIGN_OR_RETURN(const std::optional<std::string> server,
                     ServerOfConfig(path));
    if (server.has_value()) {
      return ParseServerAddress(*server).Context("file '" + path.string() +
                                                 "'");
    }
  }
  return std::filesystem::path(kDefaultAdminSocket);
}

}  // namespace tdxvfs::cli
