// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/audit_key_file.h"

#include "common/file.h"
#include "keyserver/secret_source.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kMaxKeyFile = 4096;

}  // namespace

Result<audit::SigningKey> LoadAuditKey(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const Secret pem, LoadSecret(path.string(), kMaxKeyFile));
  return audit::SigningKey::FromPem(pem).Context("audit key '" + path.string() +
                                                 "'");
}

Result<audit::SigningKey> LoadOrMakeAuditKey(
    const std::filesystem::path& path) {
  auto loaded = LoadAuditKey(path);
  if (loaded.has_value() || loaded.error().reason() != Reason::kConfigMissing) {
    return loaded;
  }
  ASSIGN_OR_RETURN(audit::SigningKey made, audit::SigningKey::Make());
  ASSIGN_OR_RETURN(const Secret pem, made.ToPem());
  RETURN_IF_ERROR(
      WriteNewFile(path, pem.Reveal(), 0600).Context("make the audit key"));
  return made;
}

}  // namespace tdxvfs::keyserver
