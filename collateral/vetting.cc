// SPDX-License-Identifier: Apache-2.0
#include "collateral/vetting.h"

#include <algorithm>
#include <string>

#include "common/hex.h"

namespace tdxvfs::collateral {
namespace {

Error Refused(std::string why) {
  return {Reason::kCollateralInvalid, std::move(why)};
}

Result<SharedCollateral> Verified(const verify::CollateralDocuments& documents,
                                  const verify::TrustAnchor& anchor) {
  ASSIGN_OR_RETURN(const verify::CollateralOutcome outcome,
                   verify::VerifyCollateral(documents, anchor));
  if (outcome.collateral == nullptr) {
    return Refused(outcome.refusal.why);
  }
  return outcome.collateral;
}

}  // namespace

Result<SharedCollateral> VetSet(const NamedSet& set,
                                const verify::TrustAnchor& anchor,
                                std::chrono::system_clock::time_point now) {
  ASSIGN_OR_RETURN(const SharedCollateral collateral,
                   Verified(set.documents, anchor));
  const verify::TcbInfo& tcb_info = collateral->tcb_info();
  if (tcb_info.tee != set.name.tee || tcb_info.fmspc != set.name.fmspc) {
    return Refused("TCB info: for " + std::string(TeeText(tcb_info.tee)) +
                   " platform " + ToHex(tcb_info.fmspc) + ", not " +
                   std::string(TeeText(set.name.tee)) + " platform " +
                   ToHex(set.name.fmspc));
  }
  if (collateral->qe_identity().tee != set.name.tee) {
    return Refused("QE identity: for another TEE than " +
                   std::string(TeeText(set.name.tee)));
  }
  if (collateral->platform_ca() != set.name.platform_ca) {
    return Refused("PCK CRL: not of the " +
                   std::string(CaText(set.name.platform_ca)) + " CA");
  }
  if (const auto refusal = collateral->CheckDates(now); refusal.has_value()) {
    return Refused(refusal->why);
  }
  return collateral;
}

Result<SetName> NameOf(const verify::CollateralDocuments& documents,
                       const verify::TrustAnchor& anchor, Update update) {
  ASSIGN_OR_RETURN(const SharedCollateral collateral,
                   Verified(documents, anchor));
  return SetName{.tee = collateral->tcb_info().tee,
                 .fmspc = collateral->tcb_info().fmspc,
                 .platform_ca = collateral->platform_ca(),
                 .update = update};
}

std::chrono::system_clock::time_point ExpiryOf(const verify::Collateral& set) {
  auto expiry = std::chrono::system_clock::time_point::max();
  for (const verify::DocumentWindow& window : set.windows()) {
    expiry = std::min(expiry, window.expires);
  }
  return expiry;
}

}  // namespace tdxvfs::collateral
