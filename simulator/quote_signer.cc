// SPDX-License-Identifier: Apache-2.0
#include "simulator/quote_signer.h"

#include <numeric>
#include <string>
#include <utility>

#include "common/hex.h"

namespace tdxvfs::simulator {
namespace {

constexpr std::size_t kAuthenticationSize = 32;

}  // namespace

attest::TdReport GoodTdReport() {
  attest::TdReport report;
  report.tee_tcb_svn = {7, 1, 3};  // module 1.x, SVN 7; microcode SVN 3
  report.mr_seam.fill(0x5e);
  report.td_attributes = {0, 0, 0, 0x10};
  report.xfam = {0xe7, 0x02, 0x06};
  return report;
}

Result<QuoteSigner> QuoteSigner::Create(const Pki& pki) {
  QuoteSigner signer;
  ASSIGN_OR_RETURN(signer.attestation_key_, MakeKey(KeyKind::kP256));
  QuoteParts& parts = signer.certified_;
  parts.user_data = {0x51, 0x3d};  // begins with the QE's id
  parts.qe_report = TdQeReport();
  parts.authentication_data.resize(kAuthenticationSize);
  std::iota(parts.authentication_data.begin(), parts.authentication_data.end(),
            std::uint8_t{0});
  ASSIGN_OR_RETURN(const std::string chain, pki.ChainPem());
  const auto text = AsBytes(chain);
  parts.certification_data.assign(text.begin(), text.end());
  // Quoting libraries count the terminator of the text in.
  parts.certification_data.push_back(0);
  RETURN_IF_ERROR(parts.BindAttestationKey(signer.attestation_key()));
  RETURN_IF_ERROR(parts.SignQeReport(pki.leaf_key()));
  return signer;
}

Result<QuoteParts> QuoteSigner::Parts(std::uint16_t version,
                                      attest::TdReport report) const {
  if (version != 4 && version != 5) {
    return Error(Reason::kUsage, "quotes are made in version 4 or 5, not " +
                                     std::to_string(version));
  }
  if (version == 4) {
    report.tee_tcb_svn2.reset();
    report.mr_service_td.reset();
  } else {
    if (!report.tee_tcb_svn2.has_value()) {
      report.tee_tcb_svn2 = report.tee_tcb_svn;
    }
    if (!report.mr_service_td.has_value()) {
      report.mr_service_td.emplace();
    }
  }
  QuoteParts parts = certified_;
  parts.version = version;
  parts.body = TdReportBytes(report);
  RETURN_IF_ERROR(parts.SignBody(attestation_key()));
  return parts;
}

Result<Bytes> QuoteSigner::Sign(std::uint16_t version,
                                const attest::TdReport& report) const {
  ASSIGN_OR_RETURN(const QuoteParts parts, Parts(version, report));
  return parts.Assemble();
}

}  // namespace tdxvfs::simulator
