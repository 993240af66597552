// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/pck_chain.h"

#include <utility>
#include <vector>

#include "attest/verify/pck_extension.h"
#include "attest/verify/pem_chain.h"
#include "attest/verify/root_certificate.h"
#include "attest/verify/utc_time.h"
#include "attest/verify/verified_cache.h"
#include "common/hex.h"

namespace tdxvfs::verify {
namespace {

constexpr std::size_t kPckChainLength = 3;
constexpr std::string_view kLeafName = "Intel SGX PCK Certificate";
// Everything below a root that has been found to be the anchor.
Result<PckChain> CheckBelowRoot(const std::vector<Der>& ders,
                                const TrustAnchor& anchor) {
  PckChain chain;
  ASSIGN_OR_RETURN(chain.ca,
                   VerifyPckCa(ders[1], anchor).Context("intermediate"));
  ASSIGN_OR_RETURN(chain.leaf, ParseCertificate(ders[0]).Context("leaf"));
  const Certificate& leaf = chain.leaf;
  RETURN_IF_ERROR(ExpectName(leaf, kLeafName).Context("leaf"));
  RETURN_IF_ERROR(CheckRole(leaf, {.is_ca = false}).Context("leaf"));
  RETURN_IF_ERROR(CheckIssuedBy(leaf, chain.ca->certificate).Context("leaf"));
  ASSIGN_OR_RETURN(chain.platform, ReadPckExtension(leaf).Context("leaf"));
  chain.platform.platform_ca = chain.ca->is_platform_ca;
  chain.validity = {leaf.validity, chain.ca->certificate.validity,
                    anchor.certificate().validity};
  return chain;
}

Result<ChainOutcome> Refuse(FailureClass failure, const Error& error) {
  if (error.reason() == Reason::kInternal) {
    return error;
  }
  return ChainOutcome{nullptr, {failure, error.ToString()}};
}

}  // namespace

Result<ChainOutcome> VerifyPckChain(std::span<const std::uint8_t> pem,
                                    const TrustAnchor& anchor) {
  if (auto known = anchor.chains().Find(AsText(pem)); known != nullptr) {
    return ChainOutcome{std::move(known), {}};
  }
  const auto ders = SplitWholeChain(AsText(pem), kPckChainLength);
  if (!ders.has_value()) {
    return Refuse(FailureClass::kPckChain, ders.error());
  }
  const auto is_anchor = IsAnchor(ders->back(), anchor);
  if (!is_anchor.has_value()) {
    return Refuse(FailureClass::kPckChain, is_anchor.error());
  }
  if (!*is_anchor) {
    return ChainOutcome{
        nullptr, {FailureClass::kUntrustedRoot, std::string(kForeignRoot)}};
  }
  auto chain = CheckBelowRoot(*ders, anchor);
  if (!chain.has_value()) {
    return Refuse(FailureClass::kPckChain, chain.error());
  }
  ASSIGN_OR_RETURN(chain->digest, Sha256(pem));
  auto shared = std::make_shared<const PckChain>(std::move(*chain));
  anchor.chains().Remember(std::string(AsText(pem)), shared);
  return ChainOutcome{std::move(shared), {}};
}

std::optional<ChainRefusal> CheckValidity(
    const PckChain& chain, std::chrono::system_clock::time_point now) {
  for (const Validity& validity : chain.validity) {
    if (now < validity.not_before) {
      return ChainRefusal{FailureClass::kNotYetValid,
                          "certificate '" + validity.certificate +
                              "' is not yet valid: only from " +
                              UtcText(validity.not_before)};
    }
    if (now > validity.not_after) {
      return ChainRefusal{FailureClass::kExpired,
                          "certificate '" + validity.certificate +
                              "' expired at " + UtcText(validity.not_after)};
    }
  }
  return std::nullopt;
}

}  // namespace tdxvfs::verify
