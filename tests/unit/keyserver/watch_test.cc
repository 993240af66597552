// SPDX-License-Identifier: Apache-2.0
// What operators see: metrics, readiness and the server that shows them.
#include <chrono>
#include <string>

#include "common/clock.h"
#include "common/file.h"
#include "keyserver/leaf_certificate.h"
#include "keyserver/served_certificates.h"
#include "keyserver/watch/metrics.h"
#include "keyserver/watch/readiness.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/test_authority.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using std::chrono::seconds;
using testing::Fails;
using testing::FakeClock;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Succeeds;

Levels SomeLevels() {
  Levels levels;
  levels.now = std::chrono::system_clock::from_time_t(1'800'000'000);
  levels.ready = true;
  levels.doors.at(0) = {.connections = 7, .refused = 3};
  levels.certificate_expires = levels.now + std::chrono::hours(1);
  return levels;
}

// An end in 9999 (RFC 5280, 4.1.2.5) is not one in 1816.
TEST(LeafCertificateTest, AnEndBeyondTheClockDoesNotWrap) {
  testing::CertificateWish wish;
  wish.not_after = 250'000'000'000;  // seconds from now
  ASSERT_OK_AND_ASSIGN(
      const LeafCertificate leaf,
      ReadLeafCertificate(
          testing::TestAuthority().Issue(wish).certificate_pem));
  EXPECT_EQ(leaf.expires, kLastTime);
}

TEST(Metrics, CountsReleasesRefusalsAndOutcomes) {
  Metrics metrics("1.2.3");
  metrics.CountRelease(seconds(1));
  metrics.CountRefusal(Reason::kQuoteInvalid, seconds(2));
  metrics.CountRefusal(Reason::kRequestInvalid);
  metrics.CountLimited();
  metrics.CountOutcome("opened");
  metrics.CountOutcome("a word of nobody's");
  metrics.CountStream(2);
  metrics.CountStream(-1);
  metrics.CountReload(false);
  const std::string text = metrics.Text(SomeLevels());
  for (const char* const line :
       {"\ntdxvfs_releases_total 1\n",
        "\ntdxvfs_refusals_total{reason=\"quote-invalid\"} 1\n",
        "\ntdxvfs_refusals_total{reason=\"request-invalid\"} 1\n",
        "\ntdxvfs_limited_total 1\n",
        "\ntdxvfs_outcomes_total{result=\"opened\"} 1\n",
        "\ntdxvfs_outcomes_total{result=\"unknown\"} 1\n",
        "\ntdxvfs_open_streams 1\n",
        "\ntdxvfs_decision_seconds_count{verdict=\"refused\"} 1\n",
        "\ntdxvfs_connections{door=\"guests\"} 7\n",
        "\ntdxvfs_connections_refused_total{door=\"guests\"} 3\n",
        "\ntdxvfs_reloads_total{result=\"refused\"} 1\n",
        "\ntdxvfs_build_info{version=\"1.2.3\"} 1\n",
        "\ntdxvfs_certificate_expiry_timestamp_seconds 1800003600\n",
        "\ntdxvfs_ready 1\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Metrics, CountersOfOthersGrowOnly) {
  Metrics metrics("1.2.3");
  Levels levels = SomeLevels();
  (void)metrics.Text(levels);
  levels.doors.at(0).refused = 5;
  EXPECT_THAT(
      metrics.Text(levels),
      HasSubstr("tdxvfs_connections_refused_total{door=\"guests\"} 5\n"));
}

TEST(Metrics, LeavesOutWhatIsNotKnown) {
  Metrics metrics("1.2.3");
  Levels levels = SomeLevels();
  EXPECT_THAT(metrics.Text(levels), Not(HasSubstr("collateral_age")));
  levels.collateral.usable = 1;
  levels.collateral.oldest_issue = levels.now - std::chrono::hours(2);
  levels.collateral.first_expiry = levels.now + std::chrono::hours(1);
  const std::string text = metrics.Text(levels);
  EXPECT_THAT(text, HasSubstr("\ntdxvfs_collateral_age_seconds 7200\n"));
  EXPECT_THAT(
      text,
      HasSubstr("\ntdxvfs_collateral_expiry_timestamp_seconds 1800003600\n"));
  EXPECT_THAT(metrics.Text(SomeLevels()), Not(HasSubstr("collateral_age")));
}

// However many guests and volumes there are: reasons, steps and doors only.
TEST(Metrics, HasABoundedNumberOfSeries) {
  Metrics metrics("1.2.3");
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    metrics.CountRefusal(static_cast<Reason>(i), seconds(1));
  }
  for (std::size_t i = 0; i < kStepCount; ++i) {
    metrics.CountStep(static_cast<Step>(i), seconds(1));
  }
  const std::string text = metrics.Text(SomeLevels());
  EXPECT_LT(std::ranges::count(text, '\n'), 400);
  EXPECT_THAT(text, Not(HasSubstr("volume=")));
  EXPECT_THAT(text, Not(HasSubstr("peer=")));
}

TEST(Readiness, IsNotThereBeforeTheFirstCheck) {
  const FakeClock clock;
  const Readiness readiness(&clock);
  EXPECT_FALSE(readiness.Ask().ready);
}

TEST(Readiness, NamesWhatIsWrong) {
  const FakeClock clock;
  Readiness readiness(&clock);
  EXPECT_THAT(readiness.Set({{"store", std::nullopt}}), Succeeds());
  EXPECT_TRUE(readiness.Ask().ready);
  EXPECT_THAT(
      readiness.Set({{"store", std::nullopt},
                     {"audit", Error(Reason::kAuditUnavailable, "disk full")}}),
      Fails(Reason::kAuditUnavailable));
  EXPECT_FALSE(readiness.Ask().ready);
  EXPECT_EQ(readiness.Ask().text, "store: ok\naudit: disk full\n");
}

TEST(Readiness, TellsWhatIsToBeMendedAndStaysReady) {
  const FakeClock clock;
  Readiness readiness(&clock);
  EXPECT_THAT(readiness.Set({{"audit", std::nullopt, "the disk is small"}}),
              Succeeds());
  EXPECT_TRUE(readiness.Ask().ready);
  EXPECT_EQ(readiness.Ask().text, "audit: ok, but the disk is small\n");
}

TEST(Readiness, EndsWhenTheChecksHangAndWhenTheServerDrains) {
  FakeClock clock;
  Readiness readiness(&clock);
  EXPECT_THAT(readiness.Set({{"store", std::nullopt}}), Succeeds());
  clock.Advance(seconds(31));
  EXPECT_FALSE(readiness.Ask().ready);
  EXPECT_THAT(readiness.Set({{"store", std::nullopt}}), Succeeds());
  EXPECT_TRUE(readiness.Ask().ready);
  readiness.Drain();
  EXPECT_FALSE(readiness.Ask().ready);
}

TEST(Readiness, WantsCollateralThatSomebodyCanUse) {
  collateral::CollateralState state;
  EXPECT_THAT(CheckCollateralState(state), Succeeds());
  state.expired = 1;
  EXPECT_THAT(CheckCollateralState(state),
              Fails(Reason::kCollateralUnavailable));
  state.usable = 1;
  EXPECT_THAT(CheckCollateralState(state), Succeeds());
}

TEST(Readiness, WantsACertificateInDate) {
  const auto now = std::chrono::system_clock::now();
  EXPECT_THAT(CheckCertificateDate(now + seconds(1), now), Succeeds());
  EXPECT_THAT(CheckCertificateDate(now - seconds(1), now),
              Fails(Reason::kConfigInvalid));
}

TEST(ServedCertificates, A3_AcceptsAReplacedOneWhileConnectionsCanLive) {
  FakeClock clock;
  const Sha256Digest first{1};
  const Sha256Digest second{2};
  ServedCertificates served(first, seconds(100), &clock);
  EXPECT_TRUE(served.Accepts(first));
  EXPECT_FALSE(served.Accepts(second));
  served.Replace(second);
  EXPECT_EQ(served.current(), second);
  EXPECT_TRUE(served.Accepts(second));
  EXPECT_TRUE(served.Accepts(first));
  // The same once more does not lengthen anything.
  clock.Advance(seconds(60));
  served.Replace(second);
  clock.Advance(seconds(41));
  EXPECT_FALSE(served.Accepts(first));
  EXPECT_TRUE(served.Accepts(second));
  EXPECT_FALSE(served.Accepts(Sha256Digest{}));
}

}  // namespace
}  // namespace tdxvfs::keyserver
