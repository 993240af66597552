// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/pck_ca.h"

#include <string>
#include <utility>

#include "attest/verify/verified_cache.h"

namespace tdxvfs::verify {
namespace {

constexpr std::string_view kPlatformCaName = "Intel SGX PCK Platform CA";
constexpr std::string_view kProcessorCaName = "Intel SGX PCK Processor CA";

Result<PckCa> CheckCa(const Der& der, const TrustAnchor& anchor) {
  PckCa ca;
  ASSIGN_OR_RETURN(ca.certificate, ParseCertificate(der));
  const std::string& name = ca.certificate.common_name;
  if (name != kPlatformCaName && name != kProcessorCaName) {
    return Error(Reason::kQuoteInvalid, "not a PCK Platform or Processor CA");
  }
  ca.is_platform_ca = name == kPlatformCaName;
  RETURN_IF_ERROR(CheckRole(ca.certificate, {.is_ca = true, .path_length = 0}));
  RETURN_IF_ERROR(CheckIssuedBy(ca.certificate, anchor.certificate()));
  ASSIGN_OR_RETURN(ca.identity, SubjectAndKeyDigest(ca.certificate));
  return ca;
}

}  // namespace

Result<std::shared_ptr<const PckCa>> VerifyPckCa(const Der& der,
                                                 const TrustAnchor& anchor) {
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256(der));
  if (auto known = anchor.pck_cas().Find(digest); known != nullptr) {
    return known;
  }
  ASSIGN_OR_RETURN(PckCa ca, CheckCa(der, anchor));
  auto verified = std::make_shared<const PckCa>(std::move(ca));
  anchor.pck_cas().Remember(digest, verified);
  return verified;
}

}  // namespace tdxvfs::verify
