// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_GIVEN_COLLATERAL_H_
#define TDXVFS_ATTEST_VERIFY_GIVEN_COLLATERAL_H_

#include <utility>

#include "attest/verify/collateral.h"

namespace tdxvfs::verify {

// A source with one set, whatever platform is asked for: quotes of another
// platform are refused by the checks that compare the two. The set is verified
// at each use. For commands and tests that are handed a set.
class GivenCollateral : public CollateralSource {
 public:
  // `anchor` outlives this.
  GivenCollateral(CollateralDocuments documents, const TrustAnchor& anchor)
      : documents_(std::move(documents)), anchor_(anchor) {}

  Result<CollateralOutcome> Find(const Wanted& wanted) override {
    return VerifyCollateral(documents_, anchor_, wanted.leaf_issuer);
  }

 private:
  const CollateralDocuments documents_;
  const TrustAnchor& anchor_;
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_GIVEN_COLLATERAL_H_
