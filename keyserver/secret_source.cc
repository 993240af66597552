// SPDX-License-Identifier: Apache-2.0
#include "keyserver/secret_source.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "common/file.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::string_view kCredentialPrefix = "credential:";

bool IsCredential(std::string_view source) {
  return source.starts_with(kCredentialPrefix);
}

Result<std::filesystem::path> CredentialPath(std::string_view source) {
  const char* const directory = getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr) {
    return Error(Reason::kConfigMissing,
                 "'" + std::string(source) +
                     "': CREDENTIALS_DIRECTORY is not set; start the server "
                     "by systemd or name a file");
  }
  return std::filesystem::path(directory) /
         source.substr(kCredentialPrefix.size());
}

Result<void> CheckOwnedAlone(const std::filesystem::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return SystemError(
        errno == ENOENT ? Reason::kConfigMissing : Reason::kConfigInvalid,
        "read '" + path.string() + "'", errno);
  }
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return Error(Reason::kConfigInvalid,
                 "'" + path.string() + "' belongs to user " +
                     std::to_string(status.st_uid) +
                     ", neither to root nor to this user");
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error(
        Reason::kConfigInvalid,
        "'" + path.string() + "' is open to others than its owner; chmod go=");
  }
  return {};
}

}  // namespace

Result<void> CheckSecretSource(std::string_view source) {
  if (IsCredential(source)) {
    const std::string_view name = source.substr(kCredentialPrefix.size());
    if (name.empty() || name.starts_with('.') ||
        name.find('/') != std::string_view::npos) {
      return Error(
          Reason::kConfigInvalid,
          "'" + std::string(source) + "': a credential has a plain file name");
    }
    return {};
  }
  if (!source.starts_with('/')) {
    return Error(Reason::kConfigInvalid,
                 "'" + std::string(source) +
                     "' is neither an absolute path nor credential:NAME");
  }
  return {};
}

Result<Secret> LoadSecret(std::string_view source, std::size_t max_size) {
  RETURN_IF_ERROR(CheckSecretSource(source));
  std::filesystem::path path(source);
  if (IsCredential(source)) {
    ASSIGN_OR_RETURN(path, CredentialPath(source));
  } else {
    RETURN_IF_ERROR(CheckOwnedAlone(path));
  }
  auto secret = ReadSecretFile(path, max_size);
  if (!secret.has_value()) {
    return Error(secret.error().reason() == Reason::kFileNotFound
                     ? Reason::kConfigMissing
                     : Reason::kConfigInvalid,
                 secret.error().message());
  }
  return secret;
}

}  // namespace tdxvfs::keyserver
