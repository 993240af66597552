// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_SUPPLIER_H_
#define TDXVFS_COLLATERAL_SUPPLIER_H_

#include <stop_token>

#include "attest/verify/collateral.h"
#include "collateral/set_name.h"
#include "common/result.h"

namespace tdxvfs::collateral {

// Where sets come from: a service or a file. What it gives is not yet
// verified. Used by one thread at a time.
class Supplier {
 public:
  virtual ~Supplier() = default;
  // Fails with one of the kCollateral... reasons, or kStopped.
  virtual Result<verify::CollateralDocuments> Fetch(
      const SetName& name, const std::stop_token& stop) = 0;
};

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_SUPPLIER_H_
