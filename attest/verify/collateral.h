// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_COLLATERAL_H_
#define TDXVFS_ATTEST_VERIFY_COLLATERAL_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attest/quote.h"
#include "attest/verify/failure_class.h"
#include "attest/verify/pck_chain.h"
#include "attest/verify/qe_identity.h"
#include "attest/verify/tcb_info.h"
#include "attest/verify/trust_anchor.h"
#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::verify {

// Caps on what is parsed, in bytes.
inline constexpr std::size_t kMaxSignedDocument = std::size_t{256} * 1024;
inline constexpr std::size_t kMaxCrl = std::size_t{1024} * 1024;
inline constexpr std::size_t kMaxIssuerChain = std::size_t{64} * 1024;

// What is needed to judge quotes of one kind of platform, as the provisioning
// certification service hands it out. CRLs are DER, chains are PEM.
struct CollateralDocuments {
  std::string tcb_info;           // {"tcbInfo":{...},"signature":"..."}
  std::string tcb_signing_chain;  // TCB signing certificate, root
  std::string qe_identity;        // {"enclaveIdentity":{...},...}
  std::vector<std::uint8_t> root_ca_crl;
  std::vector<std::uint8_t> pck_crl;
  std::string pck_crl_issuer_chain;  // PCK CA, root
};

// One member of a set and the window in which it may be used, both ends
// included.
struct DocumentWindow {
  std::string name;  // "TCB info", "QE identity", "root CA CRL", ...
  std::chrono::system_clock::time_point issued;
  std::chrono::system_clock::time_point expires;
};

// A set whose every signature leads to one trust anchor. Immutable, shared
// between threads. Dates are not part of it: they are judged at each use.
class Collateral {
 public:
  const TcbInfo& tcb_info() const { return parts_.tcb_info; }
  const QeIdentity& qe_identity() const { return parts_.qe_identity; }
  // Whether the PCK CRL is the Platform CA's (else the Processor CA's).
  bool platform_ca() const { return parts_.platform_ca; }
  // Every dated member: documents, CRLs, signing chain, issuer chain.
  const std::vector<DocumentWindow>& windows() const { return parts_.windows; }

  // Whether a CRL lists this chain's leaf or intermediate, or the chain's PCK
  // CA is not the one whose CRL this is: kRevokedPck, kRevokedCa or kCrl.
  std::optional<ChainRefusal> CheckRevocation(const PckChain& chain) const;
  // Whether every member may be used at `now`: kNotYetValid or kExpired naming
  // it. issueDate alone may lie up to five minutes ahead (clock skew).
  std::optional<ChainRefusal> CheckDates(
      std::chrono::system_clock::time_point now) const;

 private:
  friend class CollateralReader;
  struct Parts {
    TcbInfo tcb_info;
    QeIdentity qe_identity;
    bool platform_ca = false;
    Sha256Digest pck_ca_key{};  // of its SubjectPublicKeyInfo
    std::vector<DocumentWindow> windows;
    // Serial numbers, unsigned big-endian without leading zeroes, sorted.
    std::vector<std::vector<std::uint8_t>> revoked_by_root;
    std::vector<std::vector<std::uint8_t>> revoked_by_pck_ca;
  };
  explicit Collateral(Parts parts) : parts_(std::move(parts)) {}
  const Parts parts_;
};

struct CollateralOutcome {
  std::shared_ptr<const Collateral> collateral;  // null when refused
  ChainRefusal refusal;
};

// Checks a whole set: profiles and signatures of signing chain, CRLs and
// documents, revocation of the TCB signing certificate and of the PCK CA, and
// that the documents are for the same TEE. What depends on time or on a quote
// is asked of the result. Fails only with kInternal.
Result<CollateralOutcome> VerifyCollateral(const CollateralDocuments& documents,
                                           const TrustAnchor& anchor);

// Where VerifyQuote gets collateral from, asked only once the quote's own
// cryptography holds, so that a peer that has proved nothing never makes a
// server fetch anything. Thread-safe; outlives the call.
class CollateralSource {
 public:
  // Which set: everything comes from a verified PCK leaf and the quote.
  struct Wanted {
    attest::Tee tee = attest::Tee::kTdx;
    attest::ByteArray<6> fmspc{};
    bool platform_ca = true;
  };
  virtual ~CollateralSource() = default;
  // A set that was verified, or why the one at hand was refused: then the quote
  // is refused for that. Fails with kCollateralUnavailable (there is none, or
  // none that may still be used) or kInternal.
  virtual Result<CollateralOutcome> Find(const Wanted& wanted) = 0;
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_COLLATERAL_H_
