// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include "agent/state_record.h"
#include "agent/volume_guard.h"
#include "agent/volume_status.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::agent {
namespace {

using std::chrono::milliseconds;
using testing::Fails;
using testing::Succeeds;
using testing::TemporaryFolder;

TEST(StateRecord, IsReadAsItWasWritten) {
  const TemporaryFolder run;
  EXPECT_THAT(WriteStateRecord(run.path(), "demo",
                               {"2026-01-01T00:00:00.000Z", "3", "7f3c-91",
                                "refused-by-policy"}),
              Succeeds());
  const StateRecord record = ReadStateRecord(run.path(), "demo");
  EXPECT_EQ(record.since, "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(record.version, "3");
  EXPECT_EQ(record.audit_id, "7f3c-91");
  EXPECT_EQ(record.reason, "refused-by-policy");
  RemoveStateRecord(run.path(), "demo");
  EXPECT_EQ(ReadStateRecord(run.path(), "demo").version, "");
}

TEST(StateRecord, JunkIsNoRecord) {
  const TemporaryFolder run;
  std::ofstream(run.path() / "demo.toml") << "version = [[[";
  EXPECT_EQ(ReadStateRecord(run.path(), "demo").version, "");
}

TEST(VolumeGuard, KeepsASecondAttemptOut) {
  const TemporaryFolder run;
  const auto take = [&run](VolumeGuard::Kind kind) {
    return VolumeGuard::Take(run.path(), "demo", kind, milliseconds(0));
  };
  EXPECT_FALSE(VolumeGuard::IsHeld(run.path(), "demo"));
  {
    ASSERT_OK_AND_ASSIGN(const VolumeGuard first,
                         take(VolumeGuard::Kind::kAttempt));
    EXPECT_TRUE(VolumeGuard::IsHeld(run.path(), "demo"));
    EXPECT_THAT(take(VolumeGuard::Kind::kAttempt), Fails(Reason::kVolumeBusy));
    EXPECT_THAT(take(VolumeGuard::Kind::kWaiting), Succeeds());
  }
  EXPECT_FALSE(VolumeGuard::IsHeld(run.path(), "demo"));
  EXPECT_THAT(take(VolumeGuard::Kind::kAttempt), Succeeds());
}

TEST(StatusJson, HasItsElevenMembersInOrder) {
  VolumeStatus status;
  status.volume = "demo";
  status.state = "locked";
  EXPECT_EQ(StatusJson(status),
            "{\"volume\":\"demo\",\"state\":\"locked\",\"image\":null,"
            "\"mapping\":null,\"loop\":null,\"mount\":null,\"since\":null,"
            "\"version\":null,\"audit_id\":null,\"reason\":null,"
            "\"verity\":null}");
  status.version = "3";
  status.mapping = "tdxvfs-crypt-demo";
  EXPECT_THAT(StatusJson(status), ::testing::HasSubstr("\"version\":3,"));
}

}  // namespace
}  // namespace tdxvfs::agent
