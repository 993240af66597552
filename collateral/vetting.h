// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_VETTING_H_
#define TDXVFS_COLLATERAL_VETTING_H_

#include <chrono>
#include <memory>

#include "attest/verify/collateral.h"
#include "attest/verify/trust_anchor.h"
#include "collateral/rollback_memory.h"
#include "collateral/set_name.h"
#include "common/result.h"

namespace tdxvfs::collateral {

using SharedCollateral = std::shared_ptr<const verify::Collateral>;

// Leads a set to the trust anchor and checks that it is the one that was asked
// for (TEE, FMSPC, PCK CA) and in date at `now`. Fails with kCollateralInvalid
// naming the document, or kInternal.
Result<SharedCollateral> VetSet(const NamedSet& set,
                                const verify::TrustAnchor& anchor,
                                std::chrono::system_clock::time_point now);

// The name of a set that leads to the anchor, dates aside: what its documents
// are for. Fails with kCollateralInvalid.
Result<SetName> NameOf(const verify::CollateralDocuments& documents,
                       const verify::TrustAnchor& anchor, Update update);

// When the first member of a set expires.
std::chrono::system_clock::time_point ExpiryOf(const verify::Collateral& set);

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_VETTING_H_
