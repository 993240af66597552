// SPDX-License-Identifier: Apache-2.0
// Releases by a key server that gets its collateral from a pretend caching
// service.
#include <chrono>
#include <filesystem>
#include <initializer_list>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulator/pccs_server.h"
#include "tests/support/release_rig.h"
#include "tests/support/result_matchers.h"
#include "tests/support/served_rig.h"

namespace tdxvfs::keyserver {
namespace {

using U16s = std::initializer_list<std::uint16_t>;
using simulator::PccsFaultKind;
using ::tdxvfs::testing::RawGuest;
using ::tdxvfs::testing::ReleaseRig;
using ::tdxvfs::testing::ServedRig;
using ::tdxvfs::testing::Succeeds;
using ::testing::HasSubstr;

TEST(CollateralRelease, FetchesOnceAndThenReleasesWithoutTheNetwork) {
  ServedRig served;
  EXPECT_TRUE(served.Releases());
  const std::size_t requests = served.service->requests().size();
  EXPECT_EQ(requests, 4U);
  served.service.reset();
  EXPECT_TRUE(served.Releases());
  EXPECT_THAT(served.rig.LastAudit(), HasSubstr("00806f050000"));
}

TEST(CollateralRelease, ReleasesAfterARestartWithADeadService) {
  ServedRig served;
  EXPECT_TRUE(served.Releases());
  served.service.reset();
  served.rig.Restart();
  EXPECT_TRUE(served.Releases());
}

TEST(CollateralRelease, A7_RefusesAPlatformThatIsRevoked) {
  simulator::CollateralOptions options;
  options.revoke = {"leaf"};
  ServedRig served(options);
  const testing::Ending ending = served.Refuses();
  EXPECT_EQ(ending.reason, "quote-invalid");
  const std::string record = served.rig.Audit(ending.audit_id);
  EXPECT_THAT(record, HasSubstr("revoked"));
  // Noted while collateral was looked for, and not genuine after all.
  EXPECT_THAT(record, ::testing::Not(HasSubstr("\"evidence_sha256\"")));
}

TEST(CollateralRelease, RefusesAPlatformThatIsOutOfDate) {
  simulator::CollateralOptions options;
  options.status = "OutOfDate";
  ServedRig served(options);
  const testing::Ending ending = served.Refuses();
  EXPECT_EQ(ending.reason, "tcb-out-of-date");
}

// Before any policy is asked, so it tells nothing about the volume.
TEST(CollateralRelease, A8_SaysThatAPlatformIsBelowEveryLevelOfIntels) {
  ServedRig served;
  attest::TdReport old = ReleaseRig::GuestReport();
  old.tee_tcb_svn.fill(0);
  RawGuest guest(served.rig);
  const testing::Ending ending =
      guest.Refused(guest.EvidenceFor(guest.Open(), old));
  EXPECT_EQ(ending.reason, "tcb-out-of-date");
  EXPECT_THAT(served.rig.Audit(ending.audit_id),
              HasSubstr("\"failure\":\"tcb-not-supported\""));
}

// One request more than for a quote with its chain, and only for the first.
TEST(CollateralRelease, LooksUpThePckChainOfAQuoteThatOnlyNamesIt) {
  for (const std::uint16_t type : U16s{1, 2, 3}) {
    ServedRig served;
    served.rig.SetCertificationType(type);
    EXPECT_TRUE(served.Releases());
    EXPECT_EQ(served.service->requests().size(), 5U);
    if (type == 1) {
      // The same platform's; encrypted PPIDs differ from quote to quote.
      served.service.reset();
      EXPECT_TRUE(served.Releases());
    }
    EXPECT_THAT(served.rig.LastAudit(),
                HasSubstr("PCK certificate for this PCESVN"));
  }
}

TEST(CollateralRelease, RefusesAQuoteWhosePckChainCannotBeHad) {
  ServedRig served;
  served.rig.SetCertificationType(3);
  served.service.reset();
  EXPECT_EQ(served.Refuses().reason, "collateral-unavailable");
  // Without a caching service there is nobody to ask.
  ReleaseRig alone;
  alone.SetCertificationType(3);
  RawGuest guest(alone);
  const testing::Ending ending = guest.Refused(guest.EvidenceFor(guest.Open()));
  EXPECT_EQ(ending.reason, "quote-invalid");
  EXPECT_THAT(alone.Audit(ending.audit_id),
              HasSubstr("no PCK chain in quote (certification data type 3)"));
}

TEST(CollateralRelease, TheRecordSaysWhereCollateralComesFrom) {
  ServedRig served;
  EXPECT_TRUE(served.Releases());
  EXPECT_THAT(served.rig.LastAudit(),
              HasSubstr("\"collateral\":\"" + served.service->url() + "\""));
}

// The newest collateral says that the platform is out of date; an older one,
// still valid, does not.
TEST(CollateralRelease, A7_AReloadForgetsNothingThatWasSeen) {
  simulator::CollateralOptions newest;
  newest.evaluation_number = 20;
  newest.status = "OutOfDate";
  ServedRig served(newest);
  EXPECT_EQ(served.Refuses().reason, "tcb-out-of-date");
  // As if the disk had been full: only the process knows.
  std::filesystem::remove_all(served.rig.config().collateral.cache);

  simulator::CollateralOptions older;
  older.evaluation_number = 10;
  ASSERT_OK_AND_ASSIGN(
      const simulator::PccsServer other,
      simulator::PccsServer::Start(served.rig.pki(), older, {}));
  Config config = served.rig.config();
  config.collateral.pccs_url = other.url();
  ASSERT_THAT(served.rig.server().Reload(config), Succeeds());
  const testing::Ending ending = served.Refuses();
  EXPECT_EQ(ending.reason, "tcb-out-of-date");
  EXPECT_THAT(served.rig.Audit(ending.audit_id), HasSubstr(other.url()));
}

TEST(CollateralRelease, AReloadAnswersWhoeverWaitsForCollateral) {
  ServedRig served;
  // Longer than this test may take.
  served.service.reset();
  served.settings.delay = std::chrono::hours(1);
  served.settings.faults = {
      {.kind = PccsFaultKind::kSlow, .path = "", .times = std::nullopt}};
  served.StartService();
  RawGuest waiting(served.rig);
  waiting.Send(waiting.EvidenceFor(waiting.Open()));
  while (served.service->requests().empty()) {
    std::this_thread::yield();
  }
  ASSERT_OK_AND_ASSIGN(const simulator::PccsServer other,
                       simulator::PccsServer::Start(served.rig.pki(), {}, {}));
  Config config = served.rig.config();
  config.collateral.pccs_url = other.url();
  ASSERT_THAT(served.rig.server().Reload(config), Succeeds());
  const auto answer = waiting.Receive();
  EXPECT_TRUE(answer.has_value() && answer->has_release());
}

class FaultyService : public ::testing::TestWithParam<PccsFaultKind> {};

TEST_P(FaultyService, MeansNoReleaseAndOnlyOneTry) {
  ServedRig served({},
                   {{.kind = GetParam(), .path = "", .times = std::nullopt}});
  const testing::Ending ending = served.Refuses();
  EXPECT_EQ(ending.reason, "collateral-unavailable");
  EXPECT_THAT(served.rig.Audit(ending.audit_id),
              HasSubstr("\"fmspc\":\"00806f050000\""));
  const std::size_t requests = served.service->requests().size();
  EXPECT_EQ(served.Refuses().reason, "collateral-unavailable");
  EXPECT_EQ(served.service->requests().size(), requests);
}

INSTANTIATE_TEST_SUITE_P(
    CollateralRelease, FaultyService,
    ::testing::Values(PccsFaultKind::kServerError, PccsFaultKind::kUnavailable,
                      PccsFaultKind::kTooMany, PccsFaultKind::kNotFound,
                      PccsFaultKind::kWrongContent, PccsFaultKind::kTruncated,
                      PccsFaultKind::kChainReversed, PccsFaultKind::kNoChain,
                      PccsFaultKind::kBodyTooLarge,
                      PccsFaultKind::kHeaderTooLarge, PccsFaultKind::kRedirect,
                      PccsFaultKind::kStale),
    [](const auto& row) {
      return "Fault" + std::to_string(static_cast<int>(row.param));
    });

}  // namespace
}  // namespace tdxvfs::keyserver
