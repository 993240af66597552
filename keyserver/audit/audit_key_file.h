// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_AUDIT_KEY_FILE_H_
#define TDXVFS_KEYSERVER_AUDIT_AUDIT_KEY_FILE_H_

#include <filesystem>

#include "common/audit_key.h"
#include "common/result.h"

namespace tdxvfs::keyserver {

// The instance's own key for the heads of its audit log (docs/adr/0026). The
// file must be this user's or root's alone. Fails with kConfigMissing or
// kConfigInvalid.
Result<audit::SigningKey> LoadAuditKey(const std::filesystem::path& path);

// The same; makes the file, mode 0600, when there is none.
Result<audit::SigningKey> LoadOrMakeAuditKey(const std::filesystem::path& path);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_AUDIT_KEY_FILE_H_
