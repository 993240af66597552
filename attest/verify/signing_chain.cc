// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/signing_chain.h"

#include <string>
#include <utility>
#include <vector>

#include "attest/verify/certificate.h"
#include "attest/verify/pem_chain.h"
#include "attest/verify/root_certificate.h"

namespace tdxvfs::verify {
namespace {

constexpr std::size_t kSigningChainLength = 2;
constexpr std::string_view kSignerName = "Intel SGX TCB Signing";

// The certificate below the root, once the root is found to be the anchor.
Result<Der> BelowAnchor(std::string_view pem, const TrustAnchor& anchor) {
  if (pem.size() > kMaxIssuerChain) {
    return Error(
        Reason::kQuoteInvalid,
        "PEM chain: more than " + std::to_string(kMaxIssuerChain) + " bytes");
  }
  ASSIGN_OR_RETURN(std::vector<Der> ders,
                   SplitWholeChain(pem, kSigningChainLength));
  ASSIGN_OR_RETURN(const bool is_anchor, IsAnchor(ders.back(), anchor));
  if (!is_anchor) {
    return Error(Reason::kQuoteInvalid, std::string(kForeignRoot));
  }
  return std::move(ders.front());
}

}  // namespace

Result<Certificate> VerifyTcbSigningChain(std::string_view pem,
                                          const TrustAnchor& anchor) {
  ASSIGN_OR_RETURN(const Der der, BelowAnchor(pem, anchor));
  ASSIGN_OR_RETURN(Certificate signer, ParseCertificate(der));
  RETURN_IF_ERROR(ExpectName(signer, kSignerName));
  RETURN_IF_ERROR(CheckRole(signer, {.is_ca = false}));
  RETURN_IF_ERROR(CheckIssuedBy(signer, anchor.certificate()));
  return signer;
}

Result<std::shared_ptr<const PckCa>> VerifyCrlIssuerChain(
    std::string_view pem, const TrustAnchor& anchor) {
  ASSIGN_OR_RETURN(const Der der, BelowAnchor(pem, anchor));
  return VerifyPckCa(der, anchor);
}

}  // namespace tdxvfs::verify
