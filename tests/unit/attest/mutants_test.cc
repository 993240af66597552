// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/attest/mutants.h"

#include <ostream>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace tdxvfs::testing {
namespace {

struct Table {
  const char* name;
  Mutants (*make)();
};

void PrintTo(const Table& table, std::ostream* out) { *out << table.name; }

Verdict Judge(const Mutant& mutant) {
  const verify::TrustAnchor& anchor =
      mutant.anchor == nullptr ? GoodAnchor() : *mutant.anchor;
  return VerdictBy(*mutant.documents, mutant.quote, anchor, mutant.now);
}

class MutantsTest : public ::testing::TestWithParam<Table> {};

TEST_P(MutantsTest, A9_EachIsRefusedByItsClass) {
  const Mutants mutants = GetParam().make();
  ASSERT_FALSE(mutants.empty());
  RecordProperty("mutants", static_cast<int>(mutants.size()));
  std::set<std::string> names;
  for (const Mutant& mutant : mutants) {
    const Verdict verdict = Judge(mutant);
    EXPECT_TRUE(names.insert(mutant.name).second) << mutant.name;
    EXPECT_FALSE(verdict.genuine) << mutant.name;
    EXPECT_EQ(verdict.failure_class, mutant.failure_class)
        << mutant.name << ": " << verdict.failure;
  }
}

INSTANTIATE_TEST_SUITE_P(
    , MutantsTest,
    ::testing::Values(
        Table{"Headers", HeaderMutants}, Table{"Bodies", BodyMutants},
        Table{"QeReports", QeReportMutants},
        Table{"ResignedQeReports", ResignedQeReportMutants},
        Table{"Signatures", SignatureMutants}, Table{"Lengths", LengthMutants},
        Table{"Truncations", TruncationMutants},
        Table{"Splices", SpliceMutants}, Table{"Chains", ChainMutants},
        Table{"Crls", CrlMutants}, Table{"Revocation", RevocationMutants},
        Table{"DerSignatures", DerSignatureMutants},
        Table{"SigningChains", SigningChainMutants},
        Table{"Envelopes", EnvelopeMutants}, Table{"Members", MemberMutants},
        Table{"DocumentRules", DocumentRuleMutants},
        Table{"Dates", DateMutants}, Table{"Mismatches", MismatchMutants},
        Table{"Levels", LevelMutants}),
    [](const auto& tested) { return std::string(tested.param.name); });

// What every row starts from must be accepted, or it would prove nothing.
TEST(Mutants, StartFromEvidenceThatIsAccepted) {
  for (const QuoteKind& kind : QuoteKinds()) {
    const auto tee = static_cast<attest::Tee>(kind.parts.tee);
    const Verdict verdict =
        VerdictBy(*GoodDocuments(tee), kind.parts.Assemble());
    EXPECT_TRUE(verdict.genuine) << kind.name << ": " << verdict.failure;
  }
}

}  // namespace
}  // namespace tdxvfs::testing
