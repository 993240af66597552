// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_PCCS_CONTENT_H_
#define TDXVFS_SIMULATOR_PCCS_CONTENT_H_

#include <map>
#include <string>

#include "attest/quote.h"
#include "common/result.h"
#include "simulator/collateral_options.h"
#include "simulator/pki.h"

namespace tdxvfs::simulator {

// Everything that the pretend caching service hands out, signed once. Chains
// and certificates are PEM, CRLs DER.
struct PccsContent {
  struct OfTee {
    // By tcbEvaluationDataNumber: the one before, `standard` and `early`.
    std::map<unsigned, std::string> tcb_info;
    std::map<unsigned, std::string> qe_identity;
    std::string evaluation_numbers;
  };
  OfTee tdx;
  OfTee sgx;
  unsigned standard_number = 0;
  std::string tcb_signing_chain;
  Bytes root_ca_crl;
  Bytes pck_crl;
  std::string pck_ca_chain;
  std::string pck_certificate;
  std::string ca;  // "platform" or "processor": whose CRL and leaf these are
  Platform platform;

  const OfTee& Of(attest::Tee tee) const {
    return tee == attest::Tee::kTdx ? tdx : sgx;
  }
};

// For the platform of this PKI's leaf. `options.tee` does not count.
Result<PccsContent> MakePccsContent(const Pki& pki, CollateralOptions options);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_PCCS_CONTENT_H_
