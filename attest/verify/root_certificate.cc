// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/root_certificate.h"

#include "attest/verify/certificate.h"

namespace tdxvfs::verify {
namespace {

constexpr std::string_view kRootName = "Intel SGX Root CA";

Result<bool> IsCopyOf(const TrustAnchor& anchor, const Certificate& root) {
  ASSIGN_OR_RETURN(const Sha256Digest key, KeyDigest(root));
  if (key != anchor.key_digest() ||
      !SameBytes(root.subject, anchor.certificate().subject)) {
    return false;
  }
  RETURN_IF_ERROR(CheckRole(root, {.is_ca = true, .path_length = 1}));
  RETURN_IF_ERROR(CheckIssuedBy(root, anchor.certificate()));
  return true;
}

}  // namespace

Result<bool> IsAnchor(const Der& root, const TrustAnchor& anchor) {
  RETURN_IF_ERROR(
      ExpectName(anchor.certificate(), kRootName).Context("trust anchor"));
  // Almost every chain carries the anchor itself, which is parsed already.
  if (root == anchor.certificate().der) {
    return true;
  }
  ASSIGN_OR_RETURN(const Certificate certificate,
                   ParseCertificate(root).Context("root"));
  return IsCopyOf(anchor, certificate).Context("root");
}

}  // namespace tdxvfs::verify
