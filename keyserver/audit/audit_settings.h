// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_AUDIT_SETTINGS_H_
#define TDXVFS_KEYSERVER_AUDIT_AUDIT_SETTINGS_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "keyserver/audit/evidence_files.h"

namespace tdxvfs::keyserver {

// [audit] of the configuration, besides the folder.
struct AuditSettings {
  EvidenceLimits evidence;
  // The key that signs the log's heads; made when there is none. An absolute
  // path outside of the folder, so that a copy of the log has no key.
  std::string key_file;
  // When a new file is started.
  std::uint64_t rotate_bytes = std::uint64_t{64} << 20U;
  std::chrono::days rotate_after{30};
  // Disk kept back for the records of releases.
  std::uint64_t reserve_bytes = std::uint64_t{16} << 20U;
  // How long a record may wait for a signed head.
  std::chrono::seconds head_after{60};
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_AUDIT_SETTINGS_H_
