// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_COLLATERAL_PARTS_H_
#define TDXVFS_KEYSERVER_COLLATERAL_PARTS_H_

#include <memory>
#include <mutex>
#include <string>

#include "attest/verify/pck_chain_source.h"
#include "attest/verify/trust_anchor.h"
#include "collateral/collateral_service.h"
#include "collateral/pck_chain_service.h"
#include "collateral/supplier.h"
#include "common/clock.h"
#include "common/result.h"
#include "keyserver/collateral_config.h"

namespace tdxvfs::keyserver {

// The collateral of a running server: where it comes from and the service that
// keeps it.
struct CollateralParts {
  std::unique_ptr<collateral::Supplier> supplier;
  std::unique_ptr<collateral::CollateralService> service;
  // Null but with a caching service: nobody else gives PCK chains away.
  std::unique_ptr<collateral::PckChainService> pck_chains;
  std::string source_text;  // for audit records
};

// Read the files that the configuration names, if any. Fail with
// kConfigInvalid, kConfigMissing or what reading them says.
Result<void> CheckCollateralCa(const CollateralConfig& config);
Result<void> CheckCollateralBundle(const CollateralConfig& config);

// Opens cache and memory and loads what is there; null with "none". Anchor and
// clock outlive the result.
Result<std::shared_ptr<CollateralParts>> OpenCollateral(
    const CollateralConfig& config, const verify::TrustAnchor* anchor,
    const Clock* clock);

// The parts that are in use; can be exchanged while releases ask them.
// Thread-safe.
class CurrentCollateral : public verify::CollateralSource,
                          public verify::PckChainSource {
 public:
  // Starts the new ones' background thread once the old ones' has ended, with
  // what the old ones have and have seen: exchanging them goes back to nothing.
  // Whoever waits for the old ones waits for the new ones then.
  void Replace(std::shared_ptr<CollateralParts> parts);
  bool present() const { return Parts() != nullptr; }
  bool has_pck_chains() const;
  // "none" when there are no parts.
  std::string SourceText() const;

  // As the interfaces; fail with kCollateralUnavailable.
  Result<verify::CollateralOutcome> Find(const Wanted& wanted) override;
  Result<std::string> Find(const attest::PckCertId& id) override;
  // Of no set at all when there are no parts.
  collateral::CollateralState State() const;

 private:
  std::shared_ptr<CollateralParts> Parts() const;

  std::mutex replacing_;  // held while they are being exchanged
  mutable std::mutex mutex_;
  std::shared_ptr<CollateralParts> parts_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_COLLATERAL_PARTS_H_
