// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/core_rig.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Succeeds;
using testing::CoreRig;
using testing::UnlockThroughCore;

constexpr const char* kPeer = "ipv4:192.0.2.1:4711";

// A full disk of the log must not use a version's releases up.
TEST(CoreRelease, OneThatCouldNotBeRecordedIsNotCounted) {
  CoreRig rig;
  rig.AddVolume("data");
  VersionLimits limits;
  limits.releases = 2;
  ASSERT_THAT(rig.store->SetLimits("data", 1, limits), Succeeds());
  ASSERT_EQ(UnlockThroughCore(&rig, "data", kPeer).reason, "");
  (void)rig.audit->Seal();
  EXPECT_EQ(UnlockThroughCore(&rig, "data", kPeer).reason, "audit-unavailable");
  ASSERT_OK_AND_ASSIGN(const auto version,
                       rig.store->FindVersion("data", CoreRig::Header()));
  ASSERT_TRUE(version.has_value());
  EXPECT_EQ(version->released, 1U);
}

}  // namespace
}  // namespace tdxvfs::keyserver
