// SPDX-License-Identifier: Apache-2.0
#include "keyserver/check_config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/json_text.h"
#include "keyserver/collateral_parts.h"
#include "keyserver/config_files.h"
#include "keyserver/keys/master_key.h"

namespace tdxvfs::keyserver {
namespace {

namespace fs = std::filesystem;

// RuntimeDirectory, StateDirectory and LogsDirectory of the installed unit.
constexpr std::array<std::string_view, 3> kMadeByUnit = {
    "/run/tdxvfs", "/var/lib/tdxvfs", "/var/log/tdxvfs"};
constexpr std::string_view kCacheKey = "attestation.collateral_cache";

Result<void> CheckFolder(const std::string& place, const fs::path& named) {
  const fs::path folder = named.has_filename() ? named : named.parent_path();
  const std::string name = place + ": folder '" + folder.string() + "'";
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) {
    const bool made_at_start =
        errno == ENOENT &&
        std::ranges::find(kMadeByUnit, folder.string()) != kMadeByUnit.end();
    return made_at_start ? Result<void>()
                         : SystemError(Reason::kConfigMissing, name, errno);
  }
  if (!S_ISDIR(status.st_mode)) {
    return Error(Reason::kConfigInvalid, name + " is not a directory");
  }
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return SystemError(Reason::kPermission, name + ": write", errno);
  }
  return {};
}

Result<void> CheckFolderOf(const Config& config, std::string_view key,
                           const std::string& path) {
  return CheckFolder(config.Place(key), fs::path(path).parent_path());
}

// The server makes the cache's folder, but not the one around it.
Result<void> CheckCache(const Config& config) {
  const CollateralConfig& collateral = config.collateral;
  if (collateral.source == CollateralConfig::Source::kNone) {
    return {};
  }
  struct stat status {};
  return stat(collateral.cache.c_str(), &status) == 0
             ? CheckFolder(config.Place(kCacheKey), collateral.cache)
             : CheckFolderOf(config, kCacheKey, collateral.cache);
}

Result<void> CheckFolders(const Config& config) {
  RETURN_IF_ERROR(
      CheckFolder(config.Place("audit.directory"), config.audit_directory));
  RETURN_IF_ERROR(CheckFolderOf(config, "audit.key", config.audit.key_file));
  RETURN_IF_ERROR(CheckFolderOf(config, "store.sqlite", config.store));
  RETURN_IF_ERROR(
      CheckFolderOf(config, "listen.admin_socket", config.admin_socket));
  return CheckCache(config);
}

// A server with such a certificate serves, and every guest refuses it.
Result<void> CheckCertificateIsInDate(
    const Config& config, const LeafCertificate& leaf,
    std::chrono::system_clock::time_point now) {
  if (now <= leaf.expires) {
    return {};
  }
  return Error(Reason::kConfigInvalid,
               config.Place("tls.certificate") + ": '" +
                   config.tls_certificate + "' expired " +
                   JsonTime(leaf.expires) +
                   ": guests refuse it until there is another one "
                   "(docs/runbook.md, \"Certificates\")");
}

}  // namespace

Result<void> CheckConfig(const Config& config,
                         std::chrono::system_clock::time_point now) {
  RETURN_IF_ERROR(LoadTrustAnchor(config));
  ASSIGN_OR_RETURN(const ReloadableFiles files, LoadReloadableFiles(config));
  RETURN_IF_ERROR(CheckCertificateIsInDate(config, files.identity.leaf, now));
  if (files.administrators.has_value()) {
    RETURN_IF_ERROR(files.administrators->CheckListDates(now).Context(
        config.Place("admin.crl")));
  }
  RETURN_IF_ERROR(MasterKey::Load(config.master_key)
                      .Context(config.Place("store.master_key")));
  RETURN_IF_ERROR(CheckCollateralCa(config.collateral)
                      .Context(config.Place("attestation.collateral_ca")));
  RETURN_IF_ERROR(CheckCollateralBundle(config.collateral)
                      .Context(config.Place("attestation.collateral_bundle")));
  return CheckFolders(config);
}

std::vector<std::string> NotesOn(const Config& config) {
  constexpr std::string_view key = "limits.peer_attestations";
  const AdmissionLimits& limits = config.admission;
  if (!config.lines.contains(key) ||
      limits.peer_attestations <= limits.attestations) {
    return {};
  }
  return {config.Place(key) + ": is more than limits.attestations, which is " +
          std::to_string(limits.attestations) +
          ": one peer can have all of them; write less here or more there"};
}

Config OutsideOfUnit(Config config) {
  if (getenv("CREDENTIALS_DIRECTORY") != nullptr) {
    return config;
  }
  const fs::path folder = fs::absolute(config.file).parent_path();
  if (config.master_key == "credential:master-key") {
    config.master_key = folder / "master.key";
  }
  if (config.tls_key == "credential:server-key") {
    config.tls_key = folder / "tls" / "server.key";
  }
  return config;
}

}  // namespace tdxvfs::keyserver
