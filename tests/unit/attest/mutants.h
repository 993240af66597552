// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_UNIT_ATTEST_MUTANTS_H_
#define TDXVFS_TESTS_UNIT_ATTEST_MUTANTS_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "attest/verify/collateral.h"
#include "attest/verify/trust_anchor.h"
#include "simulator/collateral_spec.h"
#include "simulator/quote_parts.h"
#include "tests/support/quote_builder.h"

namespace tdxvfs::testing {

// Evidence with one thing wrong, and the class by which it must be refused.
struct Mutant {
  std::string name;
  std::string failure_class;
  simulator::Bytes quote;
  std::shared_ptr<const verify::CollateralDocuments> documents;
  std::shared_ptr<const verify::TrustAnchor> anchor;  // GoodAnchor() when null
  std::chrono::system_clock::time_point now = kVectorTime;
};
using Mutants = std::vector<Mutant>;

// Good quotes of every kind that there is, as pieces.
struct QuoteKind {
  std::string name;
  simulator::QuoteParts parts;
};
const std::vector<QuoteKind>& QuoteKinds();

// The good collateral for quotes of this TEE under GoodPki().
std::shared_ptr<const verify::CollateralDocuments> GoodDocuments(
    attest::Tee tee);

// A row from a kind whose pieces were changed, with good collateral.
Mutant MutantOf(const QuoteKind& kind, const std::string& name,
                const std::string& failure_class,
                const std::function<void(simulator::QuoteParts&)>& change);

// A row of a good TDX quote with collateral that was changed.
Mutant CollateralMutant(
    const std::string& name, const std::string& failure_class,
    const std::function<void(simulator::CollateralSpec&)>& change);
// The same, changed after it was made.
Mutant DocumentsMutant(
    const std::string& name, const std::string& failure_class,
    const std::function<void(verify::CollateralDocuments&)>& change);

// A row of a good TDX quote and good collateral under a PKI that was changed;
// its own root is the anchor, so that only the change can matter.
Mutant PkiMutant(const std::string& name, const std::string& failure_class,
                 const std::function<void(simulator::PkiSpec&)>& change);

void Append(Mutants& all, Mutants more);

// Numbers that no half of a signature may have: zero, the order of P-256, one
// above it, all ones.
struct WrongScalar {
  std::string name;
  std::array<std::uint8_t, 32> value;
};
const std::vector<WrongScalar>& WrongScalars();

// The tables.
Mutants HeaderMutants();
Mutants BodyMutants();
Mutants QeReportMutants();
Mutants ResignedQeReportMutants();
Mutants SignatureMutants();
Mutants LengthMutants();
Mutants TruncationMutants();
Mutants SpliceMutants();
Mutants ChainMutants();
Mutants CrlMutants();
Mutants RevocationMutants();
Mutants DerSignatureMutants();
Mutants SigningChainMutants();
Mutants EnvelopeMutants();
Mutants MemberMutants();
Mutants DocumentRuleMutants();
Mutants DateMutants();
Mutants MismatchMutants();
Mutants LevelMutants();

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_UNIT_ATTEST_MUTANTS_H_
