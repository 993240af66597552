// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_SUPPORT_QUOTE_BUILDER_H_
#define TDXVFS_TESTS_SUPPORT_QUOTE_BUILDER_H_

#include <cstdint>
#include <functional>

#include "attest/verify/collateral.h"
#include "attest/verify/trust_anchor.h"
#include "attest/verify/verify_quote.h"
#include "simulator/collateral_spec.h"
#include "simulator/pki.h"
#include "simulator/quote_parts.h"
#include "simulator/quote_signer.h"

namespace tdxvfs::testing {

// When pretend quotes are judged, unless a test says otherwise.
inline constexpr std::chrono::system_clock::time_point kVectorTime{
    std::chrono::seconds(1795219200)};  // 2026-11-21

// One pretend Intel for the whole test program, its quoting enclave and its
// root as a trust anchor.
const simulator::Pki& GoodPki();
const simulator::QuoteSigner& GoodSigner();
const verify::TrustAnchor& GoodAnchor();

// A genuine quote in pieces, and as bytes.
simulator::QuoteParts GoodParts(std::uint16_t version = 4);
simulator::Bytes GoodQuote(std::uint16_t version = 4);

// The same of an SGX enclave; versions 3 to 5.
const simulator::QuoteSigner& GoodSgxSigner();
simulator::QuoteParts GoodSgxParts(std::uint16_t version = 3);

// Collateral with which GoodQuote() is UpToDate at kVectorTime, and a set made
// by it as verify/ takes it.
simulator::CollateralSpec GoodCollateral(attest::Tee tee = attest::Tee::kTdx);
verify::CollateralDocuments MakeDocuments(
    const simulator::CollateralSpec& spec,
    const simulator::Pki& pki = GoodPki());

// Parses and verifies; a quote that does not parse is the failure "format".
struct Verdict {
  bool genuine = false;
  std::string failure_class;
  std::string failure;
};
Verdict VerdictOn(const simulator::Bytes& quote,
                  const verify::TrustAnchor& anchor = GoodAnchor(),
                  std::chrono::system_clock::time_point now = kVectorTime);

// The same with collateral.
Verdict VerdictBy(const verify::CollateralDocuments& documents,
                  const simulator::Bytes& quote,
                  const verify::TrustAnchor& anchor = GoodAnchor(),
                  std::chrono::system_clock::time_point now = kVectorTime);

// A chain in which one thing was changed, and a quote that ends in it.
struct ChainCase {
  simulator::Pki pki;
  simulator::Bytes quote;
};
ChainCase MakeChainCase(const std::function<void(simulator::PkiSpec&)>& change);

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_SUPPORT_QUOTE_BUILDER_H_
