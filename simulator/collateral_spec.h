// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_COLLATERAL_SPEC_H_
#define TDXVFS_SIMULATOR_COLLATERAL_SPEC_H_

#include <chrono>
#include <filesystem>
#include <string>

#include "attest/quote.h"
#include "common/result.h"
#include "simulator/crl_spec.h"
#include "simulator/pki.h"
#include "simulator/qe_identity_spec.h"
#include "simulator/tcb_info_spec.h"

namespace tdxvfs::simulator {

// All that is needed to judge the quotes of one pretend platform. Tests change
// one thing at a time.
struct CollateralSpec {
  TcbInfoSpec tcb_info;
  QeIdentitySpec qe_identity;
  CrlSpec root_ca_crl;
  CrlSpec pck_crl;
};

// Valid at `now`: documents and PCK CRL for 29 more days, the root's CRL for
// 11 more months. With it the pretend quoting enclave's quotes are UpToDate.
CollateralSpec GoodCollateralSpec(attest::Tee tee, const Platform& platform,
                                  std::chrono::system_clock::time_point now);

// The documents as the provisioning certification service hands them out.
struct Collateral {
  std::string tcb_info;
  std::string tcb_signing_chain;  // PEM: TCB signing certificate, root
  std::string qe_identity;
  Bytes root_ca_crl;                 // DER
  Bytes pck_crl;                     // DER
  std::string pck_crl_issuer_chain;  // PEM: PCK CA, root
};

Result<Collateral> MakeCollateral(const Pki& pki, const CollateralSpec& spec);

// Writes tcb_info.json, tcb_signing_chain.pem, qe_identity.json,
// root_ca_crl.der, pck_crl.der and pck_crl_issuer_chain.pem into a folder,
// which is made when missing. Files of these names are replaced.
Result<void> SaveCollateral(const Collateral& collateral,
                            const std::filesystem::path& folder);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_COLLATERAL_SPEC_H_
