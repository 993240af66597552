// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_TRUST_ANCHOR_H_
#define TDXVFS_ATTEST_VERIFY_TRUST_ANCHOR_H_

#include <memory>
#include <string>
#include <string_view>

#include "attest/verify/certificate.h"
#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::verify {

struct PckCa;
struct PckChain;
struct QuotingEnclave;
template <typename Verified, typename Key = Sha256Digest>
class VerifiedCache;

// The root that every chain must end in, pinned by subject and public key (two
// genuine Intel root certificates share one key). Remembers what was already
// led to it, since nothing but a byte could change the outcome: dates are
// judged at each use. Share by reference between threads.
class TrustAnchor {
 public:
  // Intel SGX Root CA, built in.
  static Result<TrustAnchor> Intel();
  // One PEM certificate with the profile of Intel's root: self-signed, P-256,
  // CA with path length 1. Fails with kConfigInvalid.
  static Result<TrustAnchor> FromPem(std::string_view pem);

  TrustAnchor(TrustAnchor&& other) noexcept;
  TrustAnchor& operator=(TrustAnchor&& other) noexcept;
  ~TrustAnchor();

  const Certificate& certificate() const { return certificate_; }
  // SHA-256 of the DER SubjectPublicKeyInfo.
  const Sha256Digest& key_digest() const { return key_digest_; }
  bool is_intel() const { return is_intel_; }
  // PCK chains, by their PEM (comparing it costs less than hashing it), and PCK
  // CAs, by the SHA-256 of their DER, that lead here; thread-safe.
  VerifiedCache<PckChain, std::string>& chains() const { return *chains_; }
  VerifiedCache<PckCa>& pck_cas() const { return *pck_cas_; }
  // Quoting enclaves by EnclaveDigest; thread-safe. Forget them when collateral
  // changes.
  VerifiedCache<QuotingEnclave>& enclaves() const { return *enclaves_; }

 private:
  TrustAnchor();
  Certificate certificate_;
  Sha256Digest key_digest_{};
  bool is_intel_ = false;
  std::unique_ptr<VerifiedCache<PckChain, std::string>> chains_;
  std::unique_ptr<VerifiedCache<PckCa>> pck_cas_;
  std::unique_ptr<VerifiedCache<QuotingEnclave>> enclaves_;
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_TRUST_ANCHOR_H_
