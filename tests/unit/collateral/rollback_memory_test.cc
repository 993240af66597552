// SPDX-License-Identifier: Apache-2.0
#include "collateral/rollback_memory.h"

#include <fstream>
#include <functional>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::collateral {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TemporaryFolder;

TEST(RollbackMemory, ReadsBackWhatItWrites) {
  const RollbackMemory::Marks marks = {
      {"crl/root",
       {0, std::chrono::system_clock::time_point(std::chrono::seconds(17))}},
      {"tcb-info/tdx-00806f050000-standard",
       {18, std::chrono::system_clock::time_point(
                std::chrono::seconds(1795219200))}}};
  ASSERT_OK_AND_ASSIGN(const auto read, ParseRollbackText(RollbackText(marks)));
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read.at("crl/root").issued, marks.at("crl/root").issued);
  EXPECT_EQ(read.at("tcb-info/tdx-00806f050000-standard").evaluation_number,
            18U);
}

const SetName kRemembered{.fmspc = simulator::Platform{}.fmspc};

std::shared_ptr<const verify::Collateral> SetWith(
    const std::function<void(simulator::CollateralSpec&)>& change) {
  auto spec = testing::GoodCollateral();
  change(spec);
  return verify::VerifyCollateral(testing::MakeDocuments(spec),
                                  testing::GoodAnchor())
      .value()
      .collateral;
}

// The number and the date are each as new as they ever were, wherever they
// were seen.
TEST(RollbackMemory, LearnsTheNewestOfBoth) {
  const auto good = SetWith([](auto&) {});
  const auto later = SetWith([](auto& spec) {
    spec.tcb_info.issue_date += std::chrono::hours(1);
    spec.tcb_info.evaluation_number = 19;
  });
  ASSERT_OK_AND_ASSIGN(RollbackMemory first, RollbackMemory::Open({}));
  ASSERT_OK_AND_ASSIGN(RollbackMemory second, RollbackMemory::Open({}));
  EXPECT_THAT(first.Remember(kRemembered, *good), Succeeds());
  EXPECT_THAT(second.Remember(kRemembered, *later), Succeeds());
  for (const auto& [mine, theirs] :
       {std::pair(&first, &second), std::pair(&second, &first)}) {
    ASSERT_OK_AND_ASSIGN(RollbackMemory both, RollbackMemory::Open({}));
    both.Learn(*mine);
    both.Learn(*theirs);
    EXPECT_THAT(both.Check(kRemembered, *good),
                Fails(Reason::kCollateralInvalid));
    EXPECT_THAT(both.Check(kRemembered, *later),
                Fails(Reason::kCollateralInvalid));
  }
}

// Early documents are ahead of standard ones on purpose.
TEST(RollbackMemory, KeepsTheTwoSeriesApart) {
  ASSERT_OK_AND_ASSIGN(RollbackMemory memory, RollbackMemory::Open({}));
  const auto early = SetWith([](auto& spec) {
    spec.tcb_info.evaluation_number = 21;
    spec.qe_identity.evaluation_number = 21;
  });
  SetName early_name = kRemembered;
  early_name.update = Update::kEarly;
  EXPECT_THAT(memory.Remember(early_name, *early), Succeeds());
  const auto standard = SetWith([](auto&) {});
  EXPECT_THAT(memory.Check(kRemembered, *standard), Succeeds());
  EXPECT_THAT(memory.Check(early_name, *standard),
              Fails(Reason::kCollateralInvalid));
}

// One may be older than the other.
TEST(RollbackMemory, KeepsTheListsOfTheTwoCasApart) {
  ASSERT_OK_AND_ASSIGN(RollbackMemory memory, RollbackMemory::Open({}));
  EXPECT_THAT(memory.Remember(kRemembered, *SetWith([](auto&) {})), Succeeds());
  const auto made = simulator::Pki::Make(
      simulator::GoodPkiSpec({}, simulator::PckCa::kProcessor));
  ASSERT_THAT(made, Succeeds());
  ASSERT_OK_AND_ASSIGN(const std::string root, made->RootPem());
  ASSERT_OK_AND_ASSIGN(const auto anchor, verify::TrustAnchor::FromPem(root));
  auto spec = testing::GoodCollateral();
  spec.pck_crl.this_update -= std::chrono::hours(24);
  ASSERT_OK_AND_ASSIGN(
      const auto outcome,
      verify::VerifyCollateral(testing::MakeDocuments(spec, *made), anchor));
  ASSERT_NE(outcome.collateral, nullptr) << outcome.refusal.why;
  EXPECT_THAT(memory.Check(kRemembered, *outcome.collateral), Succeeds());
  const auto older = SetWith([](auto& changed) {
    changed.pck_crl.this_update -= std::chrono::hours(24);
  });
  EXPECT_THAT(memory.Check(kRemembered, *older),
              Fails(Reason::kCollateralInvalid));
}

TEST(RollbackMemory, BeginsAnewWithoutAFile) {
  const TemporaryFolder folder;
  EXPECT_THAT(RollbackMemory::Open(folder.path() / "seen.json"), Succeeds());
  EXPECT_THAT(RollbackMemory::Open({}), Succeeds());
}

TEST(RollbackMemory, DoesNotForgetBecauseItsFileIsDamaged) {
  const TemporaryFolder folder;
  for (const std::string text :
       {"", "{}", R"({"version":2,"seen":{}})",
        R"({"version":1,"seen":{"a":{}}})",
        R"({"version":1,"seen":{"a":{"number":-1,"issued":1}}})",
        R"({"version":1,"seen":{"a":{"number":4294967296,"issued":1}}})",
        R"({"version":1,"seen":{"a":{"number":1,"issued":-1}}})",
        R"({"version":1,"seen":{"a":{"number":1,"issued":)"
        "9223372036854775807}}}",
        R"({"version":1,"seen":{"a":{"number":1,"issued":1},"a":)"
        R"({"number":1,"issued":1}}})"}) {
    std::ofstream(folder.path() / "seen.json") << text;
    EXPECT_THAT(RollbackMemory::Open(folder.path() / "seen.json"),
                Fails(Reason::kFileInvalid))
        << text;
  }
}

}  // namespace
}  // namespace tdxvfs::collateral
