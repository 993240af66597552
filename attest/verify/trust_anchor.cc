// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/trust_anchor.h"

#include <utility>

#include "attest/verify/certificate.h"
#include "attest/verify/intel_root.h"
#include "attest/verify/pck_chain.h"
#include "attest/verify/pem_chain.h"
#include "attest/verify/quoting_enclave.h"
#include "attest/verify/verified_cache.h"

namespace tdxvfs::verify {
namespace {

// About 12 KiB each.
constexpr std::size_t kMaxChains = 1024;
// About 2 KiB each.
constexpr std::size_t kMaxEnclaves = 1024;
// Intel has two.
constexpr std::size_t kMaxPckCas = 16;

Result<Certificate> ReadAnchor(std::string_view pem) {
  ASSIGN_OR_RETURN(const std::vector<Der> ders, SplitPemChain(pem, 1));
  if (ders.empty()) {
    return Error(Reason::kConfigInvalid, "no certificate");
  }
  ASSIGN_OR_RETURN(Certificate certificate, ParseCertificate(ders.front()));
  RETURN_IF_ERROR(CheckRole(certificate, {.is_ca = true, .path_length = 1}));
  RETURN_IF_ERROR(CheckIssuedBy(certificate, certificate));
  return certificate;
}

}  // namespace

TrustAnchor::TrustAnchor()
    : chains_(
          std::make_unique<VerifiedCache<PckChain, std::string>>(kMaxChains)),
      pck_cas_(std::make_unique<VerifiedCache<PckCa>>(kMaxPckCas)),
      enclaves_(std::make_unique<VerifiedCache<QuotingEnclave>>(kMaxEnclaves)) {
}
TrustAnchor::TrustAnchor(TrustAnchor&& other) noexcept = default;
TrustAnchor& TrustAnchor::operator=(TrustAnchor&& other) noexcept = default;
TrustAnchor::~TrustAnchor() = default;

Result<TrustAnchor> TrustAnchor::Intel() { return FromPem(kIntelRootPem); }

Result<TrustAnchor> TrustAnchor::FromPem(std::string_view pem) {
  TrustAnchor anchor;
  auto read = ReadAnchor(pem);
  if (!read.has_value()) {
    return Error(read.error().reason() == Reason::kInternal
                     ? Reason::kInternal
                     : Reason::kConfigInvalid,
                 "trust anchor: " + read.error().ToString());
  }
  anchor.certificate_ = std::move(*read);
  ASSIGN_OR_RETURN(anchor.key_digest_, KeyDigest(anchor.certificate()));
  anchor.is_intel_ = anchor.key_digest_ == kIntelRootKeyDigest;
  return anchor;
}

}  // namespace tdxvfs::verify
