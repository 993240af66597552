// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_PCK_CHAIN_H_
#define TDXVFS_ATTEST_VERIFY_PCK_CHAIN_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "attest/verify/certificate.h"
#include "attest/verify/failure_class.h"
#include "attest/verify/pck_ca.h"
#include "attest/verify/pck_platform.h"
#include "attest/verify/trust_anchor.h"
#include "common/result.h"

namespace tdxvfs::verify {

// A PCK chain whose names, extensions and signatures lead to a trust anchor:
// everything about it that does not depend on the time. Immutable, shared
// between threads.
struct PckChain {
  Sha256Digest digest{};  // of the PEM
  Certificate leaf;
  std::shared_ptr<const PckCa> ca;
  PckPlatform platform;
  // Leaf, intermediate and anchor; the anchor's own, not that of the root
  // certificate in the quote.
  std::array<Validity, 3> validity;

  const P256Key& leaf_key() const { return leaf.key; }
};

// Why a chain was refused.
struct ChainRefusal {
  FailureClass failure = FailureClass::kNone;
  std::string why;
};

struct ChainOutcome {
  std::shared_ptr<const PckChain> chain;  // null when refused
  ChainRefusal refusal;
};

// Leads a PEM chain (leaf, intermediate, root, nothing else) to the anchor.
// Chains that held before are remembered inside the anchor; refused ones never
// are. Fails only with kInternal.
Result<ChainOutcome> VerifyPckChain(std::span<const std::uint8_t> pem,
                                    const TrustAnchor& anchor);

// Whether the whole chain is valid at `now`, both ends included.
std::optional<ChainRefusal> CheckValidity(
    const PckChain& chain, std::chrono::system_clock::time_point now);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_PCK_CHAIN_H_
