// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_CONFIG_FILES_H_
#define TDXVFS_KEYSERVER_CONFIG_FILES_H_

#include <cstddef>
#include <optional>
#include <string>

#include "attest/verify/trust_anchor.h"
#include "common/result.h"
#include "keyserver/admin/client_authority.h"
#include "keyserver/config.h"
#include "keyserver/tls_identity.h"

namespace tdxvfs::keyserver {

// What the named files hold that can be exchanged while the server runs.
struct ReloadableFiles {
  TlsIdentity identity;
  std::optional<ClientAuthority> administrators;  // with [admin]
};

// Reads and checks them. These functions fail with kConfigInvalid or
// kConfigMissing and name file, line and key.
Result<ReloadableFiles> LoadReloadableFiles(const Config& config);

// bytes, of the file with a trust anchor's certificate
inline constexpr std::size_t kMaxTrustAnchor = 16UL * 1024;

// The certificate that attestation.trust_anchor names. Fails with
// kConfigInvalid or kConfigMissing.
Result<verify::TrustAnchor> LoadTrustAnchor(const Config& config);

// Whether audit.directory is one. Fails with kConfigInvalid or kConfigMissing.
Result<void> CheckAuditDirectory(const Config& config);

// Whether a server that runs with one configuration can take the other. Fails
// with kConfigInvalid naming a key that takes a restart.
Result<void> CheckReloadable(const Config& running, const Config& fresh);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_CONFIG_FILES_H_
