// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_CONFIG_H_
#define TDXVFS_KEYSERVER_CONFIG_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "common/log.h"
#include "common/result.h"
#include "keyserver/admission.h"
#include "keyserver/audit/audit_settings.h"
#include "keyserver/collateral_config.h"
#include "keyserver/token_bucket.h"

namespace tdxvfs::keyserver {

// keyserver.toml (docs/man/keyserver.toml.5). Paths are absolute.
struct Config {
  std::string file;                                         // where it was read
  std::map<std::string, std::uint32_t, std::less<>> lines;  // by "table.key"
  std::string listen_address;
  std::string admin_socket;
  std::string tls_certificate;
  std::string tls_key;       // path or credential:NAME
  std::string store;         // SQLite file
  std::string master_key;    // path or credential:NAME
  std::string trust_anchor;  // "intel" or a path
  CollateralConfig collateral;
  std::string audit_directory;
  AuditSettings audit;
  std::string metrics_address;  // empty: none
  // [admin], administration over TLS; all empty: over the socket alone.
  std::string admin_address;
  std::string admin_ca;   // PEM, of those who issue client certificates
  std::string admin_crl;  // PEM; empty: nothing is revoked
  LogLevel log_level = LogLevel::kInfo;

  // [limits], all optional.
  std::uint32_t connections = 512;
  AdmissionLimits admission;
  // Releases of one volume, to guests that satisfy its policy; 0 a minute: no
  // limit.
  Rate volume_rate{0, 1000};
  std::chrono::milliseconds begin_timeout{10'000};
  std::chrono::seconds evidence_timeout{30};
  std::chrono::milliseconds outcome_timeout{120'000};
  std::chrono::milliseconds stop_timeout{30'000};

  // "FILE:LINE: KEY" for messages, without the line where the key is not there.
  std::string Place(std::string_view key) const;
};

// Reads the file. Refused with file, line and key: unknown and missing keys,
// wrong types, values out of range, a foreign owner, a mode that lets others
// write. Fails with kConfigInvalid or kConfigMissing.
Result<Config> LoadConfig(const std::filesystem::path& path);

// The same for text; `name` stands in messages.
Result<Config> ParseConfig(std::string_view text, std::string_view name);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_CONFIG_H_
