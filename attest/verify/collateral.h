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
#include "attest/verify/crl.h"
#include "attest/verify/failure_class.h"
#include "attest/verify/pck_chain.h"
#include "attest/verify/qe_identity.h"
#include "attest/verify/signed_document.h"
#include "attest/verify/signing_chain.h"
#include "attest/verify/tcb_info.h"
#include "attest/verify/trust_anchor.h"
#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::verify {

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
  // How far ahead of the clock `issued` may lie.
  std::chrono::seconds skew{0};
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
    Sha256Digest pck_ca{};  // SubjectAndKeyDigest
    std::vector<DocumentWindow> windows;
    RevokedSerials revoked_by_root;
    RevokedSerials revoked_by_pck_ca;
  };
  explicit Collateral(Parts parts) : parts_(std::move(parts)) {}
  const Parts parts_;
};

struct CollateralOutcome {
  std::shared_ptr<const Collateral> collateral;  // null when refused
  ChainRefusal refusal;
};

// Checks a whole set against the CA that issued the PCK leaf, which must be the
// one that signed the PCK CRL: `leaf_issuer`, led to the same anchor. Without a
// quote at hand (null) it is taken from pck_crl_issuer_chain, which serves for
// nothing else and so is not looked at otherwise: sets that people keep have
// damaged ones beside CRLs that hold.
//
// Checked are profiles and signatures of chains, CRLs and documents,
// revocation of the PCK CA and of the TCB signing certificate. A document is
// read only once its signature holds. What depends on time or on a quote is
// asked of the result, so also whether *both* documents are for the quote's
// TEE: only the quote can tell which of two that differ is the wrong one.
// Fails only with kInternal.
Result<CollateralOutcome> VerifyCollateral(
    const CollateralDocuments& documents, const TrustAnchor& anchor,
    std::shared_ptr<const PckCa> leaf_issuer = nullptr);

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
    // The CA that issued the leaf, for VerifyCollateral.
    std::shared_ptr<const PckCa> leaf_issuer;
  };
  virtual ~CollateralSource() = default;
  // A set that was verified, or why the one at hand was refused: then the quote
  // is refused for that. Fails with kCollateralUnavailable (there is none, or
  // none that may still be used) or kInternal.
  virtual Result<CollateralOutcome> Find(const Wanted& wanted) = 0;
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_COLLATERAL_H_
