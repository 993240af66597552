// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_FORECAST_COLLATERAL_H_
#define TDXVFS_CLI_FORECAST_COLLATERAL_H_

#include <memory>
#include <utility>
#include <vector>

#include "attest/verify/collateral.h"
#include "attest/verify/trust_anchor.h"
#include "cli/collateral_sets.h"
#include "collateral/pcs_client.h"
#include "common/result.h"

namespace tdxvfs::cli {

// The collateral that a fleet is judged by: sets from a path, or early ones
// from a service, fetched once for each kind of platform. Not thread-safe.
class ForecastCollateral : public verify::CollateralSource {
 public:
  // `anchor` outlives this; `client` is null where only `sets` count.
  ForecastCollateral(std::vector<FoundSet> sets,
                     std::unique_ptr<collateral::PcsClient> client,
                     const verify::TrustAnchor& anchor)
      : sets_(std::move(sets)), client_(std::move(client)), anchor_(anchor) {}

  // The set for this kind of platform; kCollateralUnavailable when there is
  // none.
  Result<verify::CollateralOutcome> Find(const Wanted& wanted) override;

 private:
  const std::vector<FoundSet> sets_;
  const std::unique_ptr<collateral::PcsClient> client_;
  const verify::TrustAnchor& anchor_;
  std::vector<collateral::NamedSet> fetched_;
};

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_FORECAST_COLLATERAL_H_
