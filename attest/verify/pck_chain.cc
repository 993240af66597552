// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/pck_chain.h"

#include <utility>
#include <vector>

#include "attest/verify/chain_cache.h"
#include "attest/verify/pck_extension.h"
#include "attest/verify/pem_chain.h"
#include "common/hex.h"

namespace tdxvfs::verify {
namespace {

constexpr std::size_t kChainLength = 3;
constexpr std::string_view kLeafName = "Intel SGX PCK Certificate";
constexpr std::string_view kPlatformCaName = "Intel SGX PCK Platform CA";
constexpr std::string_view kProcessorCaName = "Intel SGX PCK Processor CA";
constexpr std::string_view kRootName = "Intel SGX Root CA";

struct Certificates {
  X509Ptr leaf;
  X509Ptr intermediate;
  X509Ptr root;
};

// Almost every quote carries the anchor itself, which is parsed already.
Result<X509Ptr> ReadRoot(const Der& der, const TrustAnchor& anchor) {
  if (der == anchor.der() && X509_up_ref(anchor.certificate()) == 1) {
    return X509Ptr(anchor.certificate());
  }
  return ParseCertificate(der);
}

Result<Certificates> ReadCertificates(std::span<const std::uint8_t> pem,
                                      const TrustAnchor& anchor) {
  ASSIGN_OR_RETURN(const std::vector<Der> ders,
                   SplitPemChain(AsText(pem), kChainLength));
  if (ders.size() != kChainLength) {
    return Error(Reason::kQuoteInvalid,
                 "PEM chain: " + std::to_string(ders.size()) +
                     " certificates instead of 3");
  }
  Certificates certificates;
  ASSIGN_OR_RETURN(certificates.leaf, ParseCertificate(ders[0]));
  ASSIGN_OR_RETURN(certificates.intermediate, ParseCertificate(ders[1]));
  ASSIGN_OR_RETURN(certificates.root, ReadRoot(ders[2], anchor));
  return certificates;
}

// Compares exactly: a name that merely contains the right one is another name.
Result<void> ExpectName(X509* certificate, std::string_view expected) {
  ASSIGN_OR_RETURN(const std::string name, CommonName(certificate));
  if (name != expected) {
    return Error(Reason::kQuoteInvalid,
                 "common name is not '" + std::string(expected) + "'");
  }
  return {};
}

// Two genuine root certificates share one key, so the root is compared by key
// and subject and not byte for byte.
Result<void> CheckRoot(X509* root, const TrustAnchor& anchor) {
  if (root == anchor.certificate()) {
    return {};
  }
  ASSIGN_OR_RETURN(const Sha256Digest key, KeyDigest(root));
  if (key != anchor.key_digest() ||
      !SameName(X509_get_subject_name(root),
                X509_get_subject_name(anchor.certificate()))) {
    return Error(Reason::kQuoteInvalid,
                 "the chain's root is not the trust anchor");
  }
  return {};
}

// The root in the quote is only another copy of the anchor's key, yet a
// damaged one is refused: no byte of a chain is left unjudged.
Result<void> CheckRootCertificate(X509* root, const TrustAnchor& anchor) {
  if (X509_cmp(root, anchor.certificate()) == 0) {
    return {};
  }
  RETURN_IF_ERROR(
      CheckCertificateProfile(root, {.is_ca = true, .path_length = 1}));
  return CheckIssuedBy(root, anchor.certificate());
}

Result<bool> IsPlatformCa(X509* intermediate) {
  ASSIGN_OR_RETURN(const std::string name, CommonName(intermediate));
  if (name != kPlatformCaName && name != kProcessorCaName) {
    return Error(Reason::kQuoteInvalid, "not a PCK Platform or Processor CA");
  }
  return name == kPlatformCaName;
}

Result<PckChain> CheckCertificates(Certificates certificates,
                                   const TrustAnchor& anchor) {
  X509* const leaf = certificates.leaf.get();
  X509* const intermediate = certificates.intermediate.get();
  X509* const root = certificates.root.get();
  RETURN_IF_ERROR(ExpectName(root, kRootName).Context("root"));
  RETURN_IF_ERROR(CheckRootCertificate(root, anchor).Context("root"));
  ASSIGN_OR_RETURN(const bool platform_ca,
                   IsPlatformCa(intermediate).Context("intermediate"));
  RETURN_IF_ERROR(
      CheckCertificateProfile(intermediate, {.is_ca = true, .path_length = 0})
          .Context("intermediate"));
  RETURN_IF_ERROR(CheckIssuedBy(intermediate, anchor.certificate())
                      .Context("intermediate"));
  RETURN_IF_ERROR(ExpectName(leaf, kLeafName).Context("leaf"));
  RETURN_IF_ERROR(
      CheckCertificateProfile(leaf, {.is_ca = false}).Context("leaf"));
  RETURN_IF_ERROR(CheckIssuedBy(leaf, intermediate).Context("leaf"));

  PckChain chain;
  ASSIGN_OR_RETURN(chain.platform, ReadPckExtension(leaf).Context("leaf"));
  chain.platform.platform_ca = platform_ca;
  ASSIGN_OR_RETURN(chain.validity[0], ValidityOf(leaf));
  ASSIGN_OR_RETURN(chain.validity[1], ValidityOf(intermediate));
  ASSIGN_OR_RETURN(chain.validity[2], ValidityOf(anchor.certificate()));
  chain.leaf = std::move(certificates.leaf);
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
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256(pem));
  if (auto known = anchor.chains().Find(digest); known != nullptr) {
    return ChainOutcome{std::move(known), {}};
  }
  auto certificates = ReadCertificates(pem, anchor);
  if (!certificates.has_value()) {
    return Refuse(FailureClass::kPckChain, certificates.error());
  }
  const auto root = CheckRoot(certificates->root.get(), anchor);
  if (!root.has_value()) {
    return Refuse(FailureClass::kUntrustedRoot, root.error());
  }
  auto chain = CheckCertificates(std::move(*certificates), anchor);
  if (!chain.has_value()) {
    return Refuse(FailureClass::kPckChain, chain.error());
  }
  auto shared = std::make_shared<const PckChain>(std::move(*chain));
  anchor.chains().Remember(digest, shared);
  return ChainOutcome{std::move(shared), {}};
}

std::optional<ChainRefusal> CheckValidity(
    const PckChain& chain, std::chrono::system_clock::time_point now) {
  for (const Validity& validity : chain.validity) {
    if (now < validity.not_before) {
      return ChainRefusal{
          FailureClass::kNotYetValid,
          "certificate not yet valid: '" + validity.certificate + "'"};
    }
    if (now > validity.not_after) {
      return ChainRefusal{
          FailureClass::kExpired,
          "certificate expired: '" + validity.certificate + "'"};
    }
  }
  return std::nullopt;
}

}  // namespace tdxvfs::verify
