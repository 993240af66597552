// SPDX-License-Identifier: Apache-2.0
#include "simulator/quote_signer.h"

#include <numeric>
#include <string>
#include <utility>

#include "simulator/certification_data.h"

namespace tdxvfs::simulator {
namespace {

constexpr std::size_t kAuthenticationSize = 32;
// Version 3 headers tell both; nothing is decided by them.
constexpr std::uint32_t kSvnsOfQeAndPce = 6U | 11U << 16U;
// Body types of version 5.
constexpr std::uint16_t kSgxReport = 1;
constexpr std::uint16_t kTdReport15 = 3;

}  // namespace

attest::TdReport GoodTdReport() {
  attest::TdReport report;
  report.tee_tcb_svn = {7, 1, 3};  // module 1.x, SVN 7; microcode SVN 3
  report.mr_seam.fill(0x5e);
  report.td_attributes = {0, 0, 0, 0x10};
  report.xfam = {0xe7, 0x02, 0x06};
  return report;
}

attest::SgxReport GoodSgxReport() {
  attest::SgxReport report;
  report.cpu_svn.fill(7);
  report.attributes = {0x05, 0, 0, 0, 0, 0, 0, 0, 0xe7};  // INIT, MODE64BIT
  report.mr_enclave.fill(0xec);
  report.mr_signer.fill(0x51);
  report.isv_prod_id = 1;
  report.isv_svn = 2;
  return report;
}

Result<QuoteSigner> QuoteSigner::Create(const Pki& pki, attest::Tee tee,
                                        std::uint16_t certification_type) {
  QuoteSigner signer;
  signer.tee_ = tee;
  ASSIGN_OR_RETURN(signer.attestation_key_, MakeKey(KeyKind::kP256));
  QuoteParts& parts = signer.certified_;
  parts.user_data = {0x51, 0x3d};  // begins with the QE's id
  parts.tee = static_cast<std::uint32_t>(tee);
  parts.qe_report = QeReport(tee);
  parts.authentication_data.resize(kAuthenticationSize);
  std::iota(parts.authentication_data.begin(), parts.authentication_data.end(),
            std::uint8_t{0});
  parts.certification_type = certification_type;
  ASSIGN_OR_RETURN(parts.certification_data,
                   MakeCertificationData(pki, certification_type));
  RETURN_IF_ERROR(parts.BindAttestationKey(signer.attestation_key()));
  RETURN_IF_ERROR(parts.SignQeReport(pki.leaf_key()));
  return signer;
}

Result<QuoteParts> QuoteSigner::SignedParts(std::uint16_t version,
                                            Bytes body) const {
  QuoteParts parts = certified_;
  parts.version = version;
  parts.body = std::move(body);
  if (version == 3) {
    parts.reserved = kSvnsOfQeAndPce;
  }
  parts.body_type = tee_ == attest::Tee::kTdx ? kTdReport15 : kSgxReport;
  RETURN_IF_ERROR(parts.SignBody(attestation_key()));
  return parts;
}

Result<QuoteParts> QuoteSigner::Parts(std::uint16_t version,
                                      attest::TdReport report) const {
  if (tee_ != attest::Tee::kTdx || (version != 4 && version != 5)) {
    return Error(Reason::kUsage, "TD quotes are made in version 4 or 5, not " +
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
  return SignedParts(version, TdReportBytes(report));
}

Result<QuoteParts> QuoteSigner::Parts(std::uint16_t version,
                                      const attest::SgxReport& report) const {
  if (tee_ != attest::Tee::kSgx || version < 3 || version > 5) {
    return Error(Reason::kUsage,
                 "SGX quotes are made in version 3, 4 or 5, not " +
                     std::to_string(version));
  }
  const auto body = SgxReportBytes(report);
  return SignedParts(version, Bytes(body.begin(), body.end()));
}

Result<Bytes> QuoteSigner::Sign(std::uint16_t version,
                                const attest::TdReport& report) const {
  ASSIGN_OR_RETURN(const QuoteParts parts, Parts(version, report));
  return parts.Assemble();
}

Result<Bytes> QuoteSigner::Sign(std::uint16_t version,
                                const attest::SgxReport& report) const {
  ASSIGN_OR_RETURN(const QuoteParts parts, Parts(version, report));
  return parts.Assemble();
}

}  // namespace tdxvfs::simulator
