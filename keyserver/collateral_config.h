// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_COLLATERAL_CONFIG_H_
#define TDXVFS_KEYSERVER_COLLATERAL_CONFIG_H_

#include <cstdint>
#include <string>

#include "collateral/set_name.h"

namespace tdxvfs::keyserver {

class TomlTable;

// Where collateral comes from: keys of [attestation] (docs/man,
// tdxvfs-keyserver.toml.5).
struct CollateralConfig {
  enum class Source : std::uint8_t {
    kPcs,      // Intel's provisioning certification service
    kPccs,     // a caching service with this URL
    kOffline,  // a bundle file alone
    kNone,     // TCB levels and revocation are not looked at
  };
  Source source = Source::kPcs;
  std::string pccs_url;
  std::string ca;  // PEM file for the PCCS's TLS; empty: the system's
  std::string cache = "/var/lib/tdxvfs/collateral";
  collateral::Update update = collateral::Update::kStandard;
  std::string bundle;  // file; empty: none

  // For audit records: "pcs", the URL of the caching service, "offline" or
  // "none", followed by ", bundle" where a service may be stood in for by one.
  std::string SourceText() const;
  bool operator==(const CollateralConfig&) const = default;
};

// Reads the keys that begin with `collateral`; what does not go together is
// refused through the table. With Intel's trust anchor "none" is refused: keys
// would go to platforms whose certificates Intel has revoked.
CollateralConfig ReadCollateralConfig(TomlTable* table, bool anchor_is_intel);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_COLLATERAL_CONFIG_H_
