// SPDX-License-Identifier: Apache-2.0
#include "tests/support/quote_builder.h"

#include <string>
#include <utility>

#include "attest/verify/given_collateral.h"

namespace tdxvfs::testing {

// A failed Result ends the test program at value(): a builder that cannot
// build has nothing to test.
const simulator::Pki& GoodPki() {
  static const simulator::Pki pki =
      simulator::Pki::Make(simulator::GoodPkiSpec()).value();
  return pki;
}

const simulator::QuoteSigner& GoodSigner() {
  static const simulator::QuoteSigner signer =
      simulator::QuoteSigner::Create(GoodPki()).value();
  return signer;
}

const verify::TrustAnchor& GoodAnchor() {
  static const verify::TrustAnchor anchor =
      verify::TrustAnchor::FromPem(GoodPki().RootPem().value()).value();
  return anchor;
}

simulator::QuoteParts GoodParts(std::uint16_t version) {
  return GoodSigner().Parts(version, simulator::GoodTdReport()).value();
}

simulator::Bytes GoodQuote(std::uint16_t version) {
  return GoodParts(version).Assemble();
}

const simulator::QuoteSigner& GoodSgxSigner() {
  static const simulator::QuoteSigner signer =
      simulator::QuoteSigner::Create(GoodPki(), attest::Tee::kSgx).value();
  return signer;
}

simulator::QuoteParts GoodSgxParts(std::uint16_t version) {
  return GoodSgxSigner().Parts(version, simulator::GoodSgxReport()).value();
}

simulator::CollateralSpec GoodCollateral(attest::Tee tee) {
  return simulator::GoodCollateralSpec(tee, {}, kVectorTime);
}

verify::CollateralDocuments MakeDocuments(const simulator::CollateralSpec& spec,
                                          const simulator::Pki& pki) {
  simulator::Collateral made = simulator::MakeCollateral(pki, spec).value();
  return {std::move(made.tcb_info),    std::move(made.tcb_signing_chain),
          std::move(made.qe_identity), std::move(made.root_ca_crl),
          std::move(made.pck_crl),     std::move(made.pck_crl_issuer_chain)};
}

namespace {

Verdict VerdictWith(const simulator::Bytes& quote,
                    const verify::Judging& judging) {
  auto parsed = attest::ParseQuote(quote);
  if (!parsed.has_value()) {
    return {false, "format", parsed.error().ToString()};
  }
  auto evaluation = verify::VerifyQuote(std::move(*parsed), judging);
  if (!evaluation.has_value()) {
    return {false, "internal", evaluation.error().ToString()};
  }
  return {evaluation->genuine,
          std::string(verify::FailureClassName(evaluation->failure_class)),
          evaluation->failure};
}

}  // namespace

Verdict VerdictOn(const simulator::Bytes& quote,
                  const verify::TrustAnchor& anchor,
                  std::chrono::system_clock::time_point now) {
  return VerdictWith(quote, {anchor, now});
}

Verdict VerdictBy(const verify::CollateralDocuments& documents,
                  const simulator::Bytes& quote,
                  const verify::TrustAnchor& anchor,
                  std::chrono::system_clock::time_point now) {
  verify::GivenCollateral collateral(documents, anchor);
  return VerdictWith(quote, {anchor, now, &collateral});
}

ChainCase MakeChainCase(
    const std::function<void(simulator::PkiSpec&)>& change) {
  simulator::PkiSpec spec = simulator::GoodPkiSpec();
  change(spec);
  simulator::Pki pki = simulator::Pki::Make(spec).value();
  auto quote = simulator::QuoteSigner::Create(pki)
                   .value()
                   .Sign(4, simulator::GoodTdReport())
                   .value();
  return {std::move(pki), std::move(quote)};
}

}  // namespace tdxvfs::testing
