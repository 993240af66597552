// SPDX-License-Identifier: Apache-2.0
// Every status of Intel's list, reached end to end by pretend quotes and
// pretend collateral: public documents carry neither Revoked nor
// ConfigurationNeeded.
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "attest/tcb_status.h"
#include "attest/verify/given_collateral.h"
#include "attest/verify/verify_quote.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::verify {
namespace {

using attest::TcbStatus;
using simulator::CollateralSpec;
using testing::GoodAnchor;
using testing::GoodCollateral;
using testing::kVectorTime;

Evaluation Evaluate(const simulator::Bytes& quote, const CollateralSpec& spec) {
  GivenCollateral collateral(testing::MakeDocuments(spec), GoodAnchor());
  return VerifyQuote(attest::ParseQuote(quote).value(),
                     {GoodAnchor(), kVectorTime, &collateral})
      .value();
}

// A set whose reached levels of platform, TDX module and QE have these words.
CollateralSpec SpecOf(const std::string& platform, const std::string& module,
                      const std::string& qe,
                      attest::Tee tee = attest::Tee::kTdx) {
  CollateralSpec spec = GoodCollateral(tee);
  spec.tcb_info.levels[0].outcome.status = platform;
  if (tee == attest::Tee::kTdx) {
    spec.tcb_info.tdx_module_identities[1].levels[0].outcome.status = module;
  }
  spec.qe_identity.levels[0].outcome.status = qe;
  return spec;
}

struct ReachCase {
  std::string platform;
  std::string module;
  std::string qe;
  TcbStatus status;
};

// Intel's table of convergence, row by row.
std::vector<ReachCase> ConvergenceCases() {
  std::vector<ReachCase> cases;
  const std::vector<std::pair<std::string, TcbStatus>> platforms = {
      {"UpToDate", TcbStatus::kOutOfDate},
      {"SWHardeningNeeded", TcbStatus::kOutOfDate},
      {"ConfigurationNeeded", TcbStatus::kOutOfDateConfigurationNeeded},
      {"ConfigurationAndSWHardeningNeeded",
       TcbStatus::kOutOfDateConfigurationNeeded},
      {"OutOfDate", TcbStatus::kOutOfDate},
      {"OutOfDateConfigurationNeeded",
       TcbStatus::kOutOfDateConfigurationNeeded},
      {"Revoked", TcbStatus::kRevoked}};
  for (const auto& [platform, out_of_date] : platforms) {
    const TcbStatus own = *attest::TcbStatusFromName(platform);
    cases.push_back({platform, "UpToDate", "UpToDate", own});
    cases.push_back({platform, "OutOfDate", "UpToDate", out_of_date});
    cases.push_back({platform, "UpToDate", "OutOfDate", out_of_date});
    cases.push_back({platform, "OutOfDate", "OutOfDate", out_of_date});
    cases.push_back({platform, "Revoked", "UpToDate", TcbStatus::kRevoked});
    cases.push_back({platform, "UpToDate", "Revoked", TcbStatus::kRevoked});
    cases.push_back({platform, "OutOfDate", "Revoked", TcbStatus::kRevoked});
  }
  return cases;
}

TEST(StatusReach, EveryPairOfPlatformAndComponentConverges) {
  for (const ReachCase& row : ConvergenceCases()) {
    const Evaluation evaluation = Evaluate(
        testing::GoodQuote(), SpecOf(row.platform, row.module, row.qe));
    const std::string name = row.platform + "/" + row.module + "/" + row.qe;
    ASSERT_TRUE(evaluation.genuine) << name << ": " << evaluation.failure;
    ASSERT_TRUE(evaluation.tcb.has_value()) << name;
    EXPECT_EQ(evaluation.tcb->status, row.status) << name;
    EXPECT_EQ(attest::TcbStatusName(evaluation.tcb->platform_status),
              row.platform);
    EXPECT_EQ(attest::TcbStatusName(evaluation.tcb->qe_status), row.qe);
    ASSERT_TRUE(evaluation.tcb->module_status.has_value()) << name;
    EXPECT_EQ(attest::TcbStatusName(*evaluation.tcb->module_status),
              row.module);
  }
}

TEST(StatusReach, EnclavesConvergeWithoutAModule) {
  for (const ReachCase& row : ConvergenceCases()) {
    if (row.module != "UpToDate") {
      continue;
    }
    for (const std::uint16_t version :
         {std::uint16_t{3}, std::uint16_t{4}, std::uint16_t{5}}) {
      const Evaluation evaluation =
          Evaluate(testing::GoodSgxParts(version).Assemble(),
                   SpecOf(row.platform, "", row.qe, attest::Tee::kSgx));
      ASSERT_TRUE(evaluation.genuine) << evaluation.failure;
      ASSERT_TRUE(evaluation.tcb.has_value());
      EXPECT_EQ(evaluation.tcb->status, row.status)
          << row.platform << "/" << row.qe;
      EXPECT_FALSE(evaluation.tcb->module_status.has_value());
    }
  }
}

TEST(StatusReach, EnclavesAreJudgedByTheOlderFormOfTcbInfo) {
  for (const std::string word :
       {"UpToDate", "ConfigurationNeeded", "Revoked"}) {
    CollateralSpec spec = SpecOf(word, "", "UpToDate", attest::Tee::kSgx);
    spec.tcb_info.version = 2;
    const Evaluation evaluation =
        Evaluate(testing::GoodSgxParts().Assemble(), spec);
    ASSERT_TRUE(evaluation.genuine) << evaluation.failure;
    ASSERT_TRUE(evaluation.tcb.has_value());
    EXPECT_EQ(attest::TcbStatusName(evaluation.tcb->status), word);
  }
}

// A TD that was launched by an older module than the one it runs on now.
simulator::Bytes RelaunchQuote(const attest::ByteArray<16>& launched,
                               const attest::ByteArray<16>& current) {
  attest::TdReport report = simulator::GoodTdReport();
  report.tee_tcb_svn = launched;
  report.tee_tcb_svn2 = current;
  return testing::GoodSigner().Sign(5, report).value();
}

TEST(StatusReach, RelaunchIsAdvisedOnceTheModuleWasUpdated) {
  const attest::ByteArray<16> old = {4, 1, 3};
  const attest::ByteArray<16> newer = {7, 1, 3};
  struct Row {
    std::string platform;
    std::string qe;
    attest::ByteArray<16> launched;
    attest::ByteArray<16> current;
    TcbStatus status;
  };
  for (const Row& row : std::vector<Row>{
           {"UpToDate", "UpToDate", old, newer, TcbStatus::kTdRelaunchAdvised},
           {"SWHardeningNeeded", "UpToDate", old, newer,
            TcbStatus::kTdRelaunchAdvised},
           {"ConfigurationNeeded", "UpToDate", old, newer,
            TcbStatus::kTdRelaunchAdvisedConfigurationNeeded},
           {"ConfigurationAndSWHardeningNeeded", "UpToDate", old, newer,
            TcbStatus::kTdRelaunchAdvisedConfigurationNeeded},
           {"OutOfDate", "UpToDate", old, newer, TcbStatus::kOutOfDate},
           {"UpToDate", "OutOfDate", old, newer, TcbStatus::kOutOfDate},
           {"Revoked", "UpToDate", old, newer, TcbStatus::kRevoked},
           {"UpToDate", "UpToDate", newer, old, TcbStatus::kUpToDate},
           {"UpToDate", "UpToDate", old, old, TcbStatus::kOutOfDate},
           {"UpToDate", "UpToDate", newer, newer, TcbStatus::kUpToDate}}) {
    const Evaluation evaluation =
        Evaluate(RelaunchQuote(row.launched, row.current),
                 SpecOf(row.platform, "UpToDate", row.qe));
    ASSERT_TRUE(evaluation.genuine) << evaluation.failure;
    ASSERT_TRUE(evaluation.tcb.has_value());
    EXPECT_EQ(evaluation.tcb->status, row.status)
        << row.platform << "/" << row.qe << ": "
        << attest::TcbStatusName(evaluation.tcb->status);
  }
}

// What is out of date may also be a component of the platform itself.
TEST(StatusReach, RelaunchIsAdvisedByThePlatformsOwnComponents) {
  const Evaluation evaluation =
      Evaluate(RelaunchQuote({7, 1, 2}, {7, 1, 3}), [] {
        CollateralSpec spec = GoodCollateral();
        spec.tcb_info.levels[1].sgx_components =
            spec.tcb_info.levels[0].sgx_components;
        return spec;
      }());
  ASSERT_TRUE(evaluation.genuine) << evaluation.failure;
  EXPECT_EQ(evaluation.tcb->launch_status, TcbStatus::kOutOfDate);
  EXPECT_EQ(evaluation.tcb->current_status, TcbStatus::kUpToDate);
  EXPECT_EQ(evaluation.tcb->status, TcbStatus::kTdRelaunchAdvised);
}

TEST(StatusReach, LowerLevelsGiveTheirStatusDateAndAdvisories) {
  CollateralSpec spec = GoodCollateral();
  spec.tcb_info.levels[0].sgx_components[0] = 8;  // not reached
  spec.qe_identity.levels[0].outcome.advisory_ids = {"INTEL-SA-00002",
                                                     "INTEL-SA-00001"};
  spec.qe_identity.levels[0].outcome.date = "2023-01-01T00:00:00Z";
  spec.tcb_info.evaluation_number = 18;
  spec.qe_identity.evaluation_number = 17;
  const Evaluation evaluation = Evaluate(testing::GoodQuote(), spec);
  ASSERT_TRUE(evaluation.genuine) << evaluation.failure;
  const attest::TcbVerdict& tcb = *evaluation.tcb;
  EXPECT_EQ(tcb.status, TcbStatus::kOutOfDate);
  EXPECT_EQ(tcb.advisory_ids,
            (std::vector<std::string>{"INTEL-SA-00001", "INTEL-SA-00002",
                                      "INTEL-SA-01036", "INTEL-SA-01079"}));
  EXPECT_EQ(simulator::DocumentTime(tcb.date), "2023-01-01T00:00:00Z");
  EXPECT_EQ(tcb.tcb_info_evaluation_number, 18U);
  EXPECT_EQ(tcb.qe_identity_evaluation_number, 17U);
  EXPECT_EQ(tcb.earliest_expiry, spec.tcb_info.next_update);
}

// Whatever expires first, and whichever document is the oldest.
TEST(StatusReach, DatesOfCertificatesAndCrlsCount) {
  CollateralSpec spec = GoodCollateral();
  spec.pck_crl.this_update -= std::chrono::hours(24 * 5);
  const Evaluation old = Evaluate(testing::GoodQuote(), spec);
  ASSERT_TRUE(old.genuine) << old.failure;
  EXPECT_EQ(old.tcb->earliest_document_issue, spec.pck_crl.this_update);
  const auto soon = kVectorTime + std::chrono::hours(1);
  const auto made = testing::MakeChainCase(
      [&](simulator::PkiSpec& pki) { pki.leaf.not_after = soon; });
  ASSERT_OK_AND_ASSIGN(const std::string root, made.pki.RootPem());
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::FromPem(root));
  GivenCollateral collateral(testing::MakeDocuments(GoodCollateral(), made.pki),
                             anchor);
  ASSERT_OK_AND_ASSIGN(const Evaluation evaluation,
                       VerifyQuote(attest::ParseQuote(made.quote).value(),
                                   {anchor, kVectorTime, &collateral}));
  ASSERT_TRUE(evaluation.genuine) << evaluation.failure;
  EXPECT_EQ(evaluation.tcb->earliest_expiry, soon);
}

TEST(StatusReach, AModuleWithoutVersionIsJudgedByThePlatformsLevel) {
  attest::TdReport report = simulator::GoodTdReport();
  report.tee_tcb_svn = {5, 0, 3};
  const Evaluation evaluation =
      Evaluate(testing::GoodSigner().Sign(4, report).value(), GoodCollateral());
  ASSERT_TRUE(evaluation.genuine) << evaluation.failure;
  EXPECT_EQ(evaluation.tcb->status, TcbStatus::kUpToDate);
  EXPECT_FALSE(evaluation.tcb->module_status.has_value());
}

TEST(StatusReach, PlatformsOfTheProcessorCaAreJudgedByItsCrl) {
  const auto pki = simulator::Pki::Make(
      simulator::GoodPkiSpec({}, simulator::PckCa::kProcessor));
  ASSERT_TRUE(pki.has_value());
  ASSERT_OK_AND_ASSIGN(const std::string pem, pki->RootPem());
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::FromPem(pem));
  ASSERT_OK_AND_ASSIGN(const auto signer, simulator::QuoteSigner::Create(*pki));
  ASSERT_OK_AND_ASSIGN(const auto quote,
                       signer.Sign(5, simulator::GoodTdReport()));
  const auto verdict = testing::VerdictBy(
      testing::MakeDocuments(GoodCollateral(), *pki), quote, anchor);
  EXPECT_TRUE(verdict.genuine) << verdict.failure;
}

}  // namespace
}  // namespace tdxvfs::verify
