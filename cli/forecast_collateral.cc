// SPDX-License-Identifier: Apache-2.0
#include "cli/forecast_collateral.h"

#include <string>

#include "collateral/vetting.h"

namespace tdxvfs::cli {
namespace {

bool IsFor(const collateral::SetName& name,
           const verify::CollateralSource::Wanted& wanted) {
  return name.tee == wanted.tee && name.fmspc == wanted.fmspc &&
         name.platform_ca == wanted.platform_ca;
}

}  // namespace

Result<verify::CollateralOutcome> ForecastCollateral::Find(
    const Wanted& wanted) {
  for (const FoundSet& set : sets_) {
    ASSIGN_OR_RETURN(const collateral::SetName name,
                     collateral::NameOf(set.documents, anchor_,
                                        collateral::Update::kStandard)
                         .Context(set.place));
    if (IsFor(name, wanted)) {
      return verify::VerifyCollateral(set.documents, anchor_,
                                      wanted.leaf_issuer);
    }
  }
  for (const collateral::NamedSet& set : fetched_) {
    if (IsFor(set.name, wanted)) {
      return verify::VerifyCollateral(set.documents, anchor_,
                                      wanted.leaf_issuer);
    }
  }
  const collateral::SetName name{wanted.tee, wanted.fmspc, wanted.platform_ca,
                                 collateral::Update::kEarly};
  if (client_ == nullptr) {
    return Error(Reason::kCollateralUnavailable,
                 "no set for this kind of platform: " + name.ToText());
  }
  ASSIGN_OR_RETURN(verify::CollateralDocuments documents,
                   client_->Fetch(name, {}));
  fetched_.push_back({name, std::move(documents)});
  return verify::VerifyCollateral(fetched_.back().documents, anchor_,
                                  wanted.leaf_issuer);
}

}  // namespace tdxvfs::cli
