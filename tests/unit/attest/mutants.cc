// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/attest/mutants.h"

#include <utility>

#include <gtest/gtest.h>

namespace tdxvfs::testing {
namespace {

using simulator::QuoteParts;

constexpr std::array<std::uint8_t, 32> kOrder = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
    0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

// Version 5 with the smaller TD report.
QuoteParts Version5Of10() {
  QuoteParts parts = GoodParts(4);
  parts.version = 5;
  parts.body_type = 2;
  if (!parts.SignBody(GoodSigner().attestation_key()).has_value()) {
    ADD_FAILURE() << "cannot sign";
  }
  return parts;
}

attest::Tee TeeOf(const QuoteParts& parts) {
  return static_cast<attest::Tee>(parts.tee);
}

}  // namespace

const std::vector<QuoteKind>& QuoteKinds() {
  static const std::vector<QuoteKind> kinds = {
      {"V3Sgx", GoodSgxParts(3)},  {"V4Sgx", GoodSgxParts(4)},
      {"V5Sgx", GoodSgxParts(5)},  {"V4Tdx", GoodParts(4)},
      {"V5Tdx10", Version5Of10()}, {"V5Tdx15", GoodParts(5)}};
  return kinds;
}

std::shared_ptr<const verify::CollateralDocuments> GoodDocuments(
    attest::Tee tee) {
  const auto make = [](attest::Tee wanted) {
    return std::make_shared<const verify::CollateralDocuments>(
        MakeDocuments(GoodCollateral(wanted)));
  };
  static const auto tdx = make(attest::Tee::kTdx);
  static const auto sgx = make(attest::Tee::kSgx);
  return tee == attest::Tee::kTdx ? tdx : sgx;
}

Mutant MutantOf(const QuoteKind& kind, const std::string& name,
                const std::string& failure_class,
                const std::function<void(QuoteParts&)>& change) {
  QuoteParts parts = kind.parts;
  change(parts);
  Mutant mutant;
  mutant.name = kind.name + name;
  mutant.failure_class = failure_class;
  mutant.quote = parts.Assemble();
  mutant.documents = GoodDocuments(TeeOf(kind.parts));
  return mutant;
}

Mutant CollateralMutant(
    const std::string& name, const std::string& failure_class,
    const std::function<void(simulator::CollateralSpec&)>& change) {
  simulator::CollateralSpec spec = GoodCollateral();
  change(spec);
  Mutant mutant;
  mutant.name = name;
  mutant.failure_class = failure_class;
  mutant.quote = GoodQuote();
  mutant.documents =
      std::make_shared<const verify::CollateralDocuments>(MakeDocuments(spec));
  return mutant;
}

Mutant DocumentsMutant(
    const std::string& name, const std::string& failure_class,
    const std::function<void(verify::CollateralDocuments&)>& change) {
  verify::CollateralDocuments documents = *GoodDocuments(attest::Tee::kTdx);
  change(documents);
  Mutant mutant;
  mutant.name = name;
  mutant.failure_class = failure_class;
  mutant.quote = GoodQuote();
  mutant.documents =
      std::make_shared<const verify::CollateralDocuments>(std::move(documents));
  return mutant;
}

Mutant PkiMutant(const std::string& name, const std::string& failure_class,
                 const std::function<void(simulator::PkiSpec&)>& change) {
  const ChainCase made = MakeChainCase(change);
  Mutant mutant;
  mutant.name = name;
  mutant.failure_class = failure_class;
  mutant.quote = made.quote;
  mutant.documents = std::make_shared<const verify::CollateralDocuments>(
      MakeDocuments(GoodCollateral(), made.pki));
  mutant.anchor = std::make_shared<const verify::TrustAnchor>(
      verify::TrustAnchor::FromPem(made.pki.RootPem().value()).value());
  return mutant;
}

void Append(Mutants& all, Mutants more) {
  for (Mutant& mutant : more) {
    all.push_back(std::move(mutant));
  }
}

const std::vector<WrongScalar>& WrongScalars() {
  static const std::vector<WrongScalar> scalars = [] {
    std::array<std::uint8_t, 32> ones{};
    ones.fill(0xff);
    auto above = kOrder;
    ++above.back();
    return std::vector<WrongScalar>{
        {"Zero", {}}, {"Order", kOrder}, {"AboveOrder", above}, {"Ones", ones}};
  }();
  return scalars;
}

}  // namespace tdxvfs::testing
