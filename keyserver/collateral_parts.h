// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_COLLATERAL_PARTS_H_
#define TDXVFS_KEYSERVER_COLLATERAL_PARTS_H_

#include <memory>

#include "attest/verify/trust_anchor.h"
#include "collateral/collateral_service.h"
#include "collateral/pck_chain_service.h"
#include "collateral/supplier.h"
#include "common/clock.h"
#include "common/result.h"
#include "keyserver/collateral_config.h"

namespace tdxvfs::keyserver {

// The collateral of a running server: where it comes from and the service that
// keeps it. All null with collateral = "none".
struct CollateralParts {
  std::unique_ptr<collateral::Supplier> supplier;
  std::unique_ptr<collateral::CollateralService> service;
  // Null but with a caching service: nobody else gives PCK chains away.
  std::unique_ptr<collateral::PckChainService> pck_chains;
};

// Reads the files that the configuration names. Fails with kConfigInvalid,
// kConfigMissing or what reading them says.
Result<void> CheckCollateral(const CollateralConfig& config);

// Opens cache and memory, loads what is there and starts the background
// thread. Anchor and clock outlive the result.
Result<CollateralParts> StartCollateral(const CollateralConfig& config,
                                        const verify::TrustAnchor* anchor,
                                        const Clock* clock);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_COLLATERAL_PARTS_H_
