// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_COLLATERAL_OPTIONS_H_
#define TDXVFS_CLI_COLLATERAL_OPTIONS_H_

#include <memory>
#include <string>

#include "cli/command.h"
#include "collateral/pcs_client.h"
#include "common/result.h"

namespace tdxvfs::cli {

// Which service a command asks for collateral; empty: Intel's, with the
// system's certificate authorities.
struct ServiceOptions {
  std::string pccs;
  std::string pccs_ca;
};

// --pccs and --pccs-ca.
void AddServiceOptions(const Command& command, ServiceOptions& options);

// The client of that service. Lets the program live on when a service hangs up.
// Fails as PcsClient::Open does.
Result<std::unique_ptr<collateral::PcsClient>> OpenService(
    const ServiceOptions& options);

// --trust-anchor, for AnchorFromOption.
void AddTrustAnchor(const Command& command, std::string& file);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_COLLATERAL_OPTIONS_H_
