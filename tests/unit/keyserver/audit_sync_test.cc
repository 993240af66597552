// SPDX-License-Identifier: Apache-2.0
// What is synced when: a decision before it is answered, an outcome with the
// next decision, head or round of upkeep.
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>

#include "common/file.h"
#include "keyserver/audit/json_lines_audit_log.h"
#include "tests/fakes/fake_clock.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace {

std::atomic<int> g_data_syncs = 0;
std::atomic<bool> g_disk_fails = false;

}  // namespace

// In place of the C library's, for the whole test program: counts, then does
// it, or fails as a disk does that lost what it was given.
extern "C" int fdatasync(int descriptor) {
  ++g_data_syncs;
  if (g_disk_fails) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::FakeClock;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TemporaryFolder;

class AuditSyncTest : public ::testing::Test {
 protected:
  void SetUp() override {
    AuditSettings settings;
    settings.key_file = keys_.path() / "audit.key";
    settings.reserve_bytes = 1 << 20;
    ASSERT_OK_AND_ASSIGN(
        log_, JsonLinesAuditLog::Open(folder_.path(), settings, &clock_));
    ASSERT_THAT(log_->Maintain(), Succeeds());
    g_data_syncs = 0;
  }
  void AppendDecision(bool released) {
    AuditRecord record;
    record.volume = "data";
    record.released = released;
    ASSERT_THAT(log_->Append(record), Succeeds());
  }
  void AppendOutcome() {
    ASSERT_THAT(log_->Append(OutcomeRecord{clock_.Now(), "0000-1", "data",
                                           "opened", "", ""}),
                Succeeds());
  }

  TemporaryFolder folder_;
  TemporaryFolder keys_;
  FakeClock clock_;
  std::unique_ptr<JsonLinesAuditLog> log_;
};

TEST_F(AuditSyncTest, EveryDecisionIsSyncedBeforeItIsAnswered) {
  AppendDecision(true);
  EXPECT_EQ(g_data_syncs, 1);
  AppendDecision(false);
  EXPECT_EQ(g_data_syncs, 2);
}

TEST_F(AuditSyncTest, AnOutcomeIsInTheFileAndSyncedByUpkeep) {
  AppendDecision(true);
  AppendOutcome();
  EXPECT_EQ(g_data_syncs, 1);
  ASSERT_OK_AND_ASSIGN(const std::string lines,
                       ReadFile(folder_.path() / "audit.jsonl", 1 << 20));
  EXPECT_THAT(lines, ::testing::HasSubstr("\"kind\":\"outcome\""));
  ASSERT_THAT(log_->Maintain(), Succeeds());
  EXPECT_EQ(g_data_syncs, 2);
  ASSERT_THAT(log_->Maintain(), Succeeds());
  EXPECT_EQ(g_data_syncs, 2);
}

TEST_F(AuditSyncTest, TheNextDecisionSyncsOutcomesToo) {
  AppendOutcome();
  AppendDecision(true);
  EXPECT_EQ(g_data_syncs, 1);
  ASSERT_THAT(log_->Maintain(), Succeeds());
  EXPECT_EQ(g_data_syncs, 1);
}

TEST_F(AuditSyncTest, AHeadIsSyncedAmongOutcomesToo) {
  for (int i = 0; i < 130; ++i) {
    AppendOutcome();
  }
  EXPECT_EQ(g_data_syncs, 1);
}

// The kernel calls the lost pages clean, so a later sync proves nothing.
TEST_F(AuditSyncTest, AfterASyncThatFailedNothingIsTakenAnyMore) {
  AuditRecord record;
  record.released = true;
  g_disk_fails = true;
  const auto lost = log_->Append(record);
  g_disk_fails = false;
  EXPECT_THAT(lost, Fails(Reason::kAuditUnavailable));
  EXPECT_THAT(log_->Append(record), Fails(Reason::kAuditUnavailable));
  EXPECT_THAT(log_->CheckHealth(), Fails(Reason::kAuditUnavailable));
}

TEST_F(AuditSyncTest, TheLastHeadSyncsWhatIsLeft) {
  AppendOutcome();
  ASSERT_THAT(log_->SignLast(), Succeeds());
  EXPECT_EQ(g_data_syncs, 1);
}

}  // namespace
}  // namespace tdxvfs::keyserver
