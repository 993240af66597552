// SPDX-License-Identifier: Apache-2.0
#include "simulator/pccs_content.h"

#include <array>
#include <string_view>
#include <utility>

#include "simulator/evaluation_numbers_spec.h"

namespace tdxvfs::simulator {
namespace {

constexpr std::string_view kProcessorCaName = "Intel SGX PCK Processor CA";

// Documents of three numbers: one that is still served, the standard one, and
// the one that comes early.
Result<PccsContent::OfTee> MakeDocuments(const Pki& pki, CollateralSpec spec,
                                         TcbInfoSpec early) {
  PccsContent::OfTee made;
  EvaluationNumbersSpec numbers;
  numbers.tee = spec.tcb_info.tee;
  numbers.issue_date = spec.tcb_info.issue_date;
  numbers.next_update = spec.tcb_info.next_update;
  const unsigned standard = spec.tcb_info.evaluation_number;
  for (const unsigned number : {standard + 1, standard, standard - 1}) {
    numbers.numbers.push_back(number);
    spec.tcb_info.evaluation_number = number;
    spec.qe_identity.evaluation_number = number;
    early.evaluation_number = number;
    ASSIGN_OR_RETURN(made.tcb_info[number],
                     MakeTcbInfo(number > standard ? early : spec.tcb_info,
                                 pki.tcb_signing_key()));
    ASSIGN_OR_RETURN(made.qe_identity[number],
                     MakeQeIdentity(spec.qe_identity, pki.tcb_signing_key()));
  }
  ASSIGN_OR_RETURN(made.evaluation_numbers,
                   MakeEvaluationNumbers(numbers, pki.tcb_signing_key()));
  return made;
}

// The TCB info of an evaluation that is not the standard one yet.
Result<TcbInfoSpec> EarlyTcbInfo(const Pki& pki, CollateralOptions options) {
  if (!options.early_status.empty()) {
    options.status = options.early_status;
  }
  ASSIGN_OR_RETURN(CollateralSpec spec,
                   CollateralSpecFromOptions(pki, options));
  return std::move(spec.tcb_info);
}

std::string CaOf(const Pki& pki) {
  std::array<char, 64> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(pki.intermediate()),
                            NID_commonName, name.data(),
                            static_cast<int>(name.size()));
  return name.data() == kProcessorCaName ? "processor" : "platform";
}

}  // namespace

Result<PccsContent> MakePccsContent(const Pki& pki, CollateralOptions options) {
  PccsContent content;
  options.tee = "sgx";
  ASSIGN_OR_RETURN(const CollateralSpec sgx,
                   CollateralSpecFromOptions(pki, options));
  ASSIGN_OR_RETURN(TcbInfoSpec early_sgx, EarlyTcbInfo(pki, options));
  ASSIGN_OR_RETURN(content.sgx, MakeDocuments(pki, sgx, std::move(early_sgx)));
  options.tee = "tdx";
  options.tcb_info_version = 3;
  ASSIGN_OR_RETURN(const CollateralSpec tdx,
                   CollateralSpecFromOptions(pki, options));
  ASSIGN_OR_RETURN(TcbInfoSpec early_tdx, EarlyTcbInfo(pki, options));
  ASSIGN_OR_RETURN(content.tdx, MakeDocuments(pki, tdx, std::move(early_tdx)));
  content.standard_number = tdx.tcb_info.evaluation_number;
  ASSIGN_OR_RETURN(Collateral collateral, MakeCollateral(pki, tdx));
  content.tcb_signing_chain = std::move(collateral.tcb_signing_chain);
  content.root_ca_crl = std::move(collateral.root_ca_crl);
  content.pck_crl = std::move(collateral.pck_crl);
  content.pck_ca_chain = std::move(collateral.pck_crl_issuer_chain);
  ASSIGN_OR_RETURN(content.pck_certificate, ToPem(pki.leaf()));
  content.ca = CaOf(pki);
  ASSIGN_OR_RETURN(content.platform, PlatformOf(pki.leaf()));
  return content;
}

}  // namespace tdxvfs::simulator
