// SPDX-License-Identifier: Apache-2.0
#include "tests/support/quote_builder.h"

#include <string>
#include <utility>

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

Verdict VerdictOn(const simulator::Bytes& quote,
                  const verify::TrustAnchor& anchor,
                  std::chrono::system_clock::time_point now) {
  auto parsed = attest::ParseQuote(quote);
  if (!parsed.has_value()) {
    return {false, "format", parsed.error().ToString()};
  }
  auto evaluation = verify::VerifyQuote(std::move(*parsed), {anchor, now});
  if (!evaluation.has_value()) {
    return {false, "internal", evaluation.error().ToString()};
  }
  return {evaluation->genuine,
          std::string(verify::FailureClassName(evaluation->failure_class)),
          evaluation->failure};
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
