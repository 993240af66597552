// SPDX-License-Identifier: Apache-2.0
#include "keyserver/config_files.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "common/file.h"
#include "keyserver/configured_file.h"

namespace tdxvfs::keyserver {
namespace {

ConfiguredFile ConfiguredAt(const Config& config, std::string_view key,
                            const std::string& source) {
  return {source, config.Place(key)};
}

}  // namespace

Result<ReloadableFiles> LoadReloadableFiles(const Config& config) {
  ASSIGN_OR_RETURN(
      TlsIdentity identity,
      TlsIdentity::Load(
          ConfiguredAt(config, "tls.certificate", config.tls_certificate),
          ConfiguredAt(config, "tls.key", config.tls_key)));
  ReloadableFiles files{std::move(identity), std::nullopt};
  if (!config.admin_address.empty()) {
    ASSIGN_OR_RETURN(files.administrators,
                     ClientAuthority::Load(
                         ConfiguredAt(config, "admin.ca", config.admin_ca),
                         ConfiguredAt(config, "admin.crl", config.admin_crl)));
  }
  return files;
}

Result<verify::TrustAnchor> LoadTrustAnchor(const Config& config) {
  if (config.trust_anchor == "intel") {
    return verify::TrustAnchor::Intel();
  }
  ASSIGN_OR_RETURN(const std::string pem,
                   ReadConfigFile(config.trust_anchor, kMaxTrustAnchor)
                       .Context(config.Place("attestation.trust_anchor")));
  return verify::TrustAnchor::FromPem(pem)
      .Context("trust anchor '" + config.trust_anchor + "'")
      .Context(config.Place("attestation.trust_anchor"));
}

Result<void> CheckAuditDirectory(const Config& config) {
  const std::string name =
      config.Place("audit.directory") + ": '" + config.audit_directory + "'";
  struct stat status {};
  if (stat(config.audit_directory.c_str(), &status) != 0) {
    return SystemError(Reason::kConfigMissing, name, errno);
  }
  if (!S_ISDIR(status.st_mode)) {
    return Error(Reason::kConfigInvalid, name + " is not a directory");
  }
  return {};
}

Result<void> CheckReloadable(const Config& running, const Config& fresh) {
  const std::array<std::pair<std::string_view, bool>, 14> same = {{
      {"listen.address", running.listen_address == fresh.listen_address},
      {"listen.admin_socket", running.admin_socket == fresh.admin_socket},
      {"admin.address", running.admin_address == fresh.admin_address},
      {"metrics.address", running.metrics_address == fresh.metrics_address},
      {"store.sqlite", running.store == fresh.store},
      {"store.master_key", running.master_key == fresh.master_key},
      {"attestation.trust_anchor", running.trust_anchor == fresh.trust_anchor},
      // The URL of a caching service may change, not what is asked.
      {"attestation.collateral",
       running.collateral.source == fresh.collateral.source},
      {"attestation.collateral_cache",
       running.collateral.cache == fresh.collateral.cache},
      {"audit.directory", running.audit_directory == fresh.audit_directory},
      {"audit.key", running.audit.key_file == fresh.audit.key_file},
      {"audit.rotate_size",
       running.audit.rotate_bytes == fresh.audit.rotate_bytes},
      {"audit.rotate_days",
       running.audit.rotate_after == fresh.audit.rotate_after},
      {"audit.evidence", running.audit.evidence == fresh.audit.evidence},
  }};
  for (const auto& [key, is_same] : same) {
    if (!is_same) {
      return Error(Reason::kConfigInvalid,
                   fresh.Place(key) + ": a change of it takes a restart");
    }
  }
  return {};
}

}  // namespace tdxvfs::keyserver
