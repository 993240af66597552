// SPDX-License-Identifier: Apache-2.0
#include "keyserver/volume_rate.h"

#include "tests/fakes/fake_clock.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::FakeClock;
using ::tdxvfs::testing::Succeeds;

TEST(VolumeRate, LimitsOneVolumeAndNotAnother) {
  FakeClock clock;
  VolumeRate rate({.per_minute = 60, .burst = 2}, &clock);
  EXPECT_THAT(rate.Take("data"), Succeeds());
  EXPECT_THAT(rate.Take("data"), Succeeds());
  const auto refused = rate.Take("data");
  ASSERT_THAT(refused, Fails(Reason::kServerOverloaded));
  EXPECT_EQ(refused.error().retry_after_seconds(), 1U);
  EXPECT_THAT(rate.Take("other"), Succeeds());
  clock.Advance(std::chrono::seconds(1));
  EXPECT_THAT(rate.Take("data"), Succeeds());
  EXPECT_THAT(rate.Take("data"), Fails(Reason::kServerOverloaded));
}

TEST(VolumeRate, HasNothingToDoWithTheCalendar) {
  FakeClock clock;
  VolumeRate rate({.per_minute = 1, .burst = 1}, &clock);
  const auto now = clock.Now();
  EXPECT_THAT(rate.Take("data"), Succeeds());
  for (const int days : {365, -365}) {
    clock.JumpTo(now + std::chrono::hours(24 * days));
    EXPECT_THAT(rate.Take("data"), Fails(Reason::kServerOverloaded));
  }
}

}  // namespace
}  // namespace tdxvfs::keyserver
