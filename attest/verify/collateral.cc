// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/collateral.h"

#include <array>

#include "attest/verify/utc_time.h"

namespace tdxvfs::verify {
namespace {

// Our clock may run behind the one of the service that has just signed.
constexpr std::chrono::minutes kIssueSkew{5};

Error CollateralError(std::string why) {
  return {Reason::kQuoteInvalid, std::move(why)};
}

DocumentWindow WindowOf(std::string name, const Validity& validity) {
  return {std::move(name), validity.not_before, validity.not_after};
}

}  // namespace

// Checks the members of one set, each with what the ones before it gave.
class CollateralReader {
 public:
  CollateralReader(const CollateralDocuments& documents,
                   const TrustAnchor& anchor,
                   std::shared_ptr<const PckCa> leaf_issuer)
      : documents_(documents),
        anchor_(anchor),
        pck_ca_(std::move(leaf_issuer)) {}

  Result<CollateralOutcome> Read();

 private:
  Result<void> FindPckCa();
  Result<void> ReadRootCrl();
  Result<void> ReadPckCrl();
  Result<void> CheckPckCaIsNotRevoked();
  Result<void> LeadSignerToAnchor();
  Result<void> CheckSignerIsNotRevoked();
  Result<void> OpenTcbInfo();
  Result<void> CheckTcbInfoSignature();
  Result<void> ReadTcbInfo();
  Result<void> OpenQeIdentity();
  Result<void> CheckQeIdentitySignature();
  Result<void> ReadQeIdentity();

  const P256Key& signer_key() const { return signer_.key; }

  const CollateralDocuments& documents_;
  const TrustAnchor& anchor_;
  std::shared_ptr<const PckCa> pck_ca_;
  Certificate signer_;
  SignedDocument tcb_info_;
  SignedDocument qe_identity_;
  Collateral::Parts parts_;
};

Result<void> CollateralReader::FindPckCa() {
  if (pck_ca_ == nullptr) {
    ASSIGN_OR_RETURN(
        pck_ca_, VerifyCrlIssuerChain(documents_.pck_crl_issuer_chain, anchor_)
                     .Context("PCK CRL issuer chain"));
  }
  parts_.platform_ca = pck_ca_->is_platform_ca;
  parts_.pck_ca = pck_ca_->identity;
  parts_.windows.push_back(
      WindowOf("PCK CA certificate", pck_ca_->certificate.validity));
  return {};
}

Result<void> CollateralReader::ReadRootCrl() {
  ASSIGN_OR_RETURN(Crl crl,
                   VerifyCrl(documents_.root_ca_crl, anchor_.certificate())
                       .Context("root CA CRL"));
  parts_.revoked_by_root = std::move(crl.revoked);
  parts_.windows.push_back({"root CA CRL", crl.this_update, crl.next_update});
  return {};
}

Result<void> CollateralReader::ReadPckCrl() {
  ASSIGN_OR_RETURN(
      Crl crl,
      VerifyCrl(documents_.pck_crl, pck_ca_->certificate).Context("PCK CRL"));
  parts_.revoked_by_pck_ca = std::move(crl.revoked);
  parts_.windows.push_back({"PCK CRL", crl.this_update, crl.next_update});
  return {};
}

Result<void> CollateralReader::CheckPckCaIsNotRevoked() {
  if (IsRevoked(parts_.revoked_by_root, pck_ca_->certificate.serial)) {
    return CollateralError("PCK CA: revoked by the root CA");
  }
  return {};
}

Result<void> CollateralReader::LeadSignerToAnchor() {
  ASSIGN_OR_RETURN(signer_,
                   VerifyTcbSigningChain(documents_.tcb_signing_chain, anchor_)
                       .Context("TCB signing chain"));
  parts_.windows.push_back(
      WindowOf("TCB signing certificate", signer_.validity));
  return {};
}

Result<void> CollateralReader::CheckSignerIsNotRevoked() {
  if (IsRevoked(parts_.revoked_by_root, signer_.serial)) {
    return CollateralError("TCB signing certificate: revoked by the root CA");
  }
  return {};
}

Result<void> CollateralReader::OpenTcbInfo() {
  ASSIGN_OR_RETURN(
      tcb_info_,
      OpenSignedDocument(documents_.tcb_info, "tcbInfo").Context("TCB info"));
  return {};
}

Result<void> CollateralReader::CheckTcbInfoSignature() {
  return CheckDocumentSignature(tcb_info_, signer_key()).Context("TCB info");
}

Result<void> CollateralReader::ReadTcbInfo() {
  ASSIGN_OR_RETURN(parts_.tcb_info,
                   ParseTcbInfo(tcb_info_.signed_bytes).Context("TCB info"));
  parts_.windows.push_back({"TCB info", parts_.tcb_info.issue_date,
                            parts_.tcb_info.next_update, kIssueSkew});
  return {};
}

Result<void> CollateralReader::OpenQeIdentity() {
  ASSIGN_OR_RETURN(qe_identity_,
                   OpenSignedDocument(documents_.qe_identity, "enclaveIdentity")
                       .Context("QE identity"));
  return {};
}

Result<void> CollateralReader::CheckQeIdentitySignature() {
  return CheckDocumentSignature(qe_identity_, signer_key())
      .Context("QE identity");
}

Result<void> CollateralReader::ReadQeIdentity() {
  ASSIGN_OR_RETURN(
      parts_.qe_identity,
      ParseQeIdentity(qe_identity_.signed_bytes).Context("QE identity"));
  parts_.windows.push_back({"QE identity", parts_.qe_identity.issue_date,
                            parts_.qe_identity.next_update, kIssueSkew});
  return {};
}

Result<CollateralOutcome> CollateralReader::Read() {
  struct Step {
    FailureClass failure;
    Result<void> (CollateralReader::*take)();
  };
  using Reader = CollateralReader;
  constexpr std::array<Step, 12> steps = {{
      {FailureClass::kCrl, &Reader::FindPckCa},
      {FailureClass::kCrl, &Reader::ReadRootCrl},
      {FailureClass::kCrl, &Reader::ReadPckCrl},
      {FailureClass::kRevokedCa, &Reader::CheckPckCaIsNotRevoked},
      {FailureClass::kTcbSigningChain, &Reader::LeadSignerToAnchor},
      {FailureClass::kRevokedCa, &Reader::CheckSignerIsNotRevoked},
      {FailureClass::kTcbInfoFormat, &Reader::OpenTcbInfo},
      {FailureClass::kTcbInfoSignature, &Reader::CheckTcbInfoSignature},
      {FailureClass::kTcbInfoFormat, &Reader::ReadTcbInfo},
      {FailureClass::kQeIdentityFormat, &Reader::OpenQeIdentity},
      {FailureClass::kQeIdentitySignature, &Reader::CheckQeIdentitySignature},
      {FailureClass::kQeIdentityFormat, &Reader::ReadQeIdentity},
  }};
  for (const Step& step : steps) {
    const auto taken = (this->*step.take)();
    if (taken.has_value()) {
      continue;
    }
    if (taken.error().reason() == Reason::kInternal) {
      return taken.error();
    }
    return CollateralOutcome{nullptr, {step.failure, taken.error().ToString()}};
  }
  parts_.windows.push_back(
      WindowOf("trust anchor", anchor_.certificate().validity));
  return CollateralOutcome{
      std::shared_ptr<const Collateral>(new Collateral(std::move(parts_))), {}};
}

std::optional<ChainRefusal> Collateral::CheckRevocation(
    const PckChain& chain) const {
  // Its name, which tells the two kinds of CAs apart, is part of the identity.
  if (chain.ca->identity != parts_.pck_ca) {
    return ChainRefusal{FailureClass::kCrl,
                        "PCK CRL: not by the CA that issued the PCK leaf"};
  }
  if (IsRevoked(parts_.revoked_by_root, chain.ca->certificate.serial)) {
    return ChainRefusal{FailureClass::kRevokedCa,
                        "PCK CA: revoked by the root CA"};
  }
  if (IsRevoked(parts_.revoked_by_pck_ca, chain.leaf.serial)) {
    return ChainRefusal{FailureClass::kRevokedPck,
                        "PCK leaf: revoked by the PCK CA"};
  }
  return std::nullopt;
}

std::optional<ChainRefusal> Collateral::CheckDates(
    std::chrono::system_clock::time_point now) const {
  for (const DocumentWindow& window : parts_.windows) {
    if (now + window.skew < window.issued) {
      return ChainRefusal{FailureClass::kNotYetValid,
                          window.name + " is not yet valid: only from " +
                              UtcText(window.issued)};
    }
    if (now > window.expires) {
      return ChainRefusal{FailureClass::kExpired, window.name + " expired at " +
                                                      UtcText(window.expires)};
    }
  }
  return std::nullopt;
}

Result<CollateralOutcome> VerifyCollateral(
    const CollateralDocuments& documents, const TrustAnchor& anchor,
    std::shared_ptr<const PckCa> leaf_issuer) {
  return CollateralReader(documents, anchor, std::move(leaf_issuer)).Read();
}

}  // namespace tdxvfs::verify
