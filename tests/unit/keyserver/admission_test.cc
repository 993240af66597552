// SPDX-License-Identifier: Apache-2.0
#include "keyserver/admission.h"

#include <string>
#include <vector>

#include "tests/fakes/fake_clock.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::FakeClock;
using ::tdxvfs::testing::Succeeds;

TEST(PeerNetwork, IsAnAddressOrTheFirst64Bits) {
  EXPECT_EQ(PeerNetwork("ipv4:192.0.2.1:4711"), "ipv4:192.0.2.1");
  EXPECT_EQ(PeerNetwork("ipv6:[2001:db8:1:2:3::4]:1"), "ipv6:20010db800010002");
  EXPECT_EQ(PeerNetwork("ipv6:%5B2001:db8:1:2::9%5D:2"),
            "ipv6:20010db800010002");
  EXPECT_EQ(PeerNetwork("ipv6:[fe80::1%25eth0]:2"), "ipv6:fe80000000000000");
  EXPECT_EQ(PeerNetwork("unix:"), "unix:");
}

TEST(Admission, A10_CapsAttestationsAtATime) {
  const FakeClock clock;
  Admission admission({.attestations = 2, .peer_attestations = 2}, &clock);
  auto first = admission.Enter("ipv4:192.0.2.1:1");
  auto second = admission.Enter("ipv4:192.0.2.2:1");
  EXPECT_THAT(second, Succeeds());
  const auto third = admission.Enter("ipv4:192.0.2.3:1");
  ASSERT_THAT(third, Fails(Reason::kServerOverloaded));
  EXPECT_GT(third.error().retry_after_seconds(), 0U);
  first->Leave();
  EXPECT_THAT(admission.Enter("ipv4:192.0.2.3:1"), Succeeds());
}

TEST(Admission, A10_OnePeerCannotTakeAllPlaces) {
  const FakeClock clock;
  Admission admission({.attestations = 10, .peer_attestations = 1}, &clock);
  const auto first = admission.Enter("ipv4:192.0.2.1:1");
  EXPECT_THAT(admission.Enter("ipv4:192.0.2.1:2"),
              Fails(Reason::kServerOverloaded));
  EXPECT_THAT(admission.Enter("ipv4:192.0.2.2:1"), Succeeds());
}

TEST(Admission, APlaceThatWasLeftIsFreeForTheSamePeer) {
  const FakeClock clock;
  Admission admission({.attestations = 10, .peer_attestations = 1}, &clock);
  for (int i = 0; i < 3; ++i) {
    auto slot = admission.Enter("ipv4:192.0.2.1:1");
    ASSERT_THAT(slot, Succeeds()) << i;
    slot->Leave();
  }
}

TEST(Admission, A10_LimitsTheRateOfAPeer) {
  FakeClock clock;
  Admission admission({.peer_per_minute = 6, .peer_burst = 3}, &clock);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(admission.Enter("ipv4:192.0.2.1:1"), Succeeds());
  }
  const auto refused = admission.Enter("ipv4:192.0.2.1:1");
  ASSERT_THAT(refused, Fails(Reason::kServerOverloaded));
  EXPECT_EQ(refused.error().retry_after_seconds(), 10U);
  clock.Advance(std::chrono::seconds(10));
  EXPECT_THAT(admission.Enter("ipv4:192.0.2.1:1"), Succeeds());
  EXPECT_THAT(admission.Enter("ipv4:192.0.2.1:1"),
              Fails(Reason::kServerOverloaded));
  // However long nobody came, there is no more than the burst at once.
  clock.Advance(std::chrono::hours(24));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(admission.Enter("ipv4:192.0.2.1:1"), Succeeds());
  }
  EXPECT_THAT(admission.Enter("ipv4:192.0.2.1:1"),
              Fails(Reason::kServerOverloaded));
}

TEST(Admission, ANewRateCountsForPeersThatAreKnown) {
  FakeClock clock;
  Admission admission({.peer_per_minute = 60, .peer_burst = 10}, &clock);
  EXPECT_THAT(admission.Enter("ipv4:192.0.2.1:1"), Succeeds());
  admission.SetLimits({.peer_per_minute = 60, .peer_burst = 1});
  EXPECT_THAT(admission.Enter("ipv4:192.0.2.1:1"), Succeeds());
  EXPECT_THAT(admission.Enter("ipv4:192.0.2.1:1"),
              Fails(Reason::kServerOverloaded));
}

TEST(Admission, A17_CountsRefusalsForOneLineEveryTenSeconds) {
  FakeClock clock;
  Admission admission({.peer_burst = 1}, &clock);
  const auto first = admission.Enter("ipv4:192.0.2.1:1");
  EXPECT_EQ(admission.TakeRefusedCount(), 0U);
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(admission.Enter("ipv4:192.0.2.1:1").has_value());
  }
  EXPECT_EQ(admission.TakeRefusedCount(), 5U);
  EXPECT_FALSE(admission.Enter("ipv4:192.0.2.1:1").has_value());
  EXPECT_EQ(admission.TakeRefusedCount(), 0U);
}

// Else it could run as many again, and leaving would count for nobody.
TEST(Admission, A10_APeerThatRunsSomethingIsNotForgotten) {
  FakeClock clock;
  Admission admission({.attestations = 1'000'000, .peer_attestations = 1},
                      &clock);
  const auto running = admission.Enter("ipv4:192.0.2.1:1");
  ASSERT_THAT(running, Succeeds());
  for (int i = 0; i < 70'000; ++i) {
    EXPECT_TRUE(
        admission.Enter("ipv4:peer" + std::to_string(i) + ":1").has_value());
    if (i == 60'000) {
      clock.Advance(std::chrono::minutes(1));
    }
  }
  EXPECT_THAT(admission.Enter("ipv4:192.0.2.1:2"),
              Fails(Reason::kServerOverloaded));
}

TEST(Admission, ForgetsPeersThatAreAsGoodAsNew) {
  FakeClock clock;
  Admission admission({.attestations = 1'000'000}, &clock);
  for (int i = 0; i < 200'000; ++i) {
    EXPECT_TRUE(
        admission.Enter("ipv4:peer" + std::to_string(i) + ":1").has_value());
    if (i % 50'000 == 0) {
      clock.Advance(std::chrono::minutes(1));
    }
  }
}

}  // namespace
}  // namespace tdxvfs::keyserver
