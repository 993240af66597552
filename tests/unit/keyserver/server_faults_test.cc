// SPDX-License-Identifier: Apache-2.0
// Bad days of a whole key server: its clock is wrong for a while, or where it
// gets its collateral is gone, hangs, or comes back.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/audit_check.h"
#include "common/audit_line.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "keyserver/audit/audit_key_file.h"
#include "tests/fakes/fake_clock.h"
#include "tests/support/audit_log_files.h"
#include "tests/support/audit_log_text.h"
#include "tests/support/served_rig.h"

namespace tdxvfs::keyserver {
namespace {

using simulator::PccsFaultKind;
using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::CheckLog;
using testing::Ending;
using testing::Fails;
using testing::FakeClock;
using ::testing::HasSubstr;
using testing::LogFilesIn;
using testing::RawGuest;
using testing::ReleaseRig;
using testing::ServedRig;
using testing::Succeeds;

class ServerFaultsTest : public ::testing::Test {
 protected:
  // The calendar is set; the clock that never jumps is not.
  void Jump(hours by) { clock_.JumpTo(clock_.Now() + by); }

  // What the service gives from now on is made for this moment.
  simulator::CollateralOptions MadeNow() const {
    simulator::CollateralOptions options;
    options.at = JsonTime(floor<seconds>(clock_.Now())).substr(0, 19) + "Z";
    return options;
  }

  // The whole log is what was written, in order, with the times as they were.
  static void ExpectWholeLog(ReleaseRig* rig) {
    rig->server().Stop();
    const auto key =
        testing::Checked(LoadAuditKey(rig->config().audit.key_file));
    const audit::Verdict verdict =
        CheckLog(LogFilesIn(rig->config().audit_directory), {key.public_key()});
    EXPECT_FALSE(verdict.finding.has_value()) << verdict.finding->text;
    EXPECT_EQ(verdict.unsigned_lines, 0U);
  }

  static Ending Show(RawGuest* guest, const v1::Challenge& challenge) {
    return guest->Refused(guest->EvidenceFor(challenge));
  }
  static bool Releases(RawGuest* guest, const v1::Challenge& challenge) {
    guest->Send(guest->EvidenceFor(challenge));
    const auto answer = guest->Receive();
    return answer.has_value() && answer->has_release();
  }

  FakeClock clock_;
};

TEST_F(ServerFaultsTest, AClockPastNextUpdateRefusesUntilItIsRightAgain) {
  ServedRig served({}, {}, &clock_);
  ASSERT_TRUE(served.Releases());
  Jump(days(60));
  const Ending refused = served.Refuses();
  EXPECT_EQ(refused.reason, "collateral-unavailable");
  EXPECT_THAT(served.rig.Audit(refused.audit_id), HasSubstr("expired"));
  EXPECT_THAT(served.rig.server().CheckHealth(),
              Fails(Reason::kCollateralUnavailable));
  Jump(-days(60));
  EXPECT_TRUE(served.Releases());
  EXPECT_THAT(served.rig.server().CheckHealth(), Succeeds());

  // What failed under the wrong time is tried again in the right one.
  clock_.Advance(days(31));
  ASSERT_THAT(served.service->Serve(MadeNow()), Succeeds());
  EXPECT_TRUE(served.Releases());
  ExpectWholeLog(&served.rig);
}

TEST_F(ServerFaultsTest, AClockBeforeThisUpdateRefusesUntilItIsRightAgain) {
  ServedRig served({}, {}, &clock_);
  ASSERT_TRUE(served.Releases());
  Jump(-days(60));
  const Ending refused = served.Refuses();
  EXPECT_EQ(refused.reason, "collateral-unavailable");
  EXPECT_THAT(served.rig.Audit(refused.audit_id), HasSubstr("not yet valid"));
  Jump(days(60));
  EXPECT_TRUE(served.Releases());
  ExpectWholeLog(&served.rig);
}

// Whoever asks it for the time waits, once it is slow.
class SlowClock : public FakeClock {
 public:
  std::chrono::system_clock::time_point Now() const override {
    if (slow_) {
      std::this_thread::sleep_for(milliseconds(20));
    }
    return FakeClock::Now();
  }
  void SlowDown() { slow_ = true; }

 private:
  std::atomic<bool> slow_ = false;
};

// Their streams end at once, and the jobs that record what became of the grants
// still run.
TEST_F(ServerFaultsTest, WhatBecameOfGrantsIsOnRecordBeforeAStopSignsTheLog) {
  SlowClock clock;
  ReleaseRig rig([](Config* config) { config->stop_timeout = milliseconds(0); },
                 &clock);
  constexpr std::size_t count = 32;
  std::vector<std::unique_ptr<RawGuest>> guests;
  for (std::size_t i = 0; i < count; ++i) {
    guests.push_back(std::make_unique<RawGuest>(rig));
    ASSERT_TRUE(Releases(guests.back().get(), guests.back()->Open()));
  }
  clock.SlowDown();
  ExpectWholeLog(&rig);
  std::size_t outcomes = 0;
  for (const std::string& file : LogFilesIn(rig.config().audit_directory)) {
    for (const std::string& line : testing::LinesOf(file)) {
      const bool is_outcome =
          line.find(R"("kind":"outcome")") != std::string::npos;
      outcomes += is_outcome ? 1U : 0U;
    }
  }
  EXPECT_EQ(outcomes, count);
}

TEST_F(ServerFaultsTest, A2_NoncesLiveByTheClockThatNeverJumps) {
  ReleaseRig rig([](Config*) {}, &clock_);
  for (const days jump : {days(365), -days(365)}) {
    RawGuest in_time(rig);
    const v1::Challenge challenge = in_time.Open();
    Jump(jump);
    EXPECT_TRUE(Releases(&in_time, challenge));
    Jump(-jump);

    RawGuest late(rig);
    const v1::Challenge old = late.Open();
    clock_.Advance(rig.config().evidence_timeout + seconds(1));
    Jump(jump);
    EXPECT_EQ(Show(&late, old).reason, "nonce-expired");
    Jump(-jump);
  }
  ExpectWholeLog(&rig);
}

class ServerClockAndVersionsTest : public ServerFaultsTest {
 protected:
  void SetLimits(const admin::v1::VersionLimits& limits) {
    admin::v1::SetLimitsRequest request;
    request.set_volume(std::string(testing::kRigVolume));
    request.set_version(1);
    *request.mutable_limits() = limits;
    grpc::ClientContext context;
    admin::v1::Empty response;
    EXPECT_TRUE(rig_.admin().SetLimits(&context, request, &response).ok());
  }
  void Delete(seconds grace) {
    admin::v1::DeleteVersionRequest request;
    request.set_volume(std::string(testing::kRigVolume));
    request.set_version(1);
    request.set_grace_seconds(static_cast<std::uint64_t>(grace.count()));
    grpc::ClientContext context;
    admin::v1::DeleteVersionResponse response;
    EXPECT_TRUE(rig_.admin().DeleteVersion(&context, request, &response).ok());
  }
  bool Undelete() {
    admin::v1::UndeleteVersionRequest request;
    request.set_volume(std::string(testing::kRigVolume));
    request.set_version(1);
    grpc::ClientContext context;
    admin::v1::Empty response;
    return rig_.admin().UndeleteVersion(&context, request, &response).ok();
  }
  std::string Refusal() {
    RawGuest guest(rig_);
    return Show(&guest, guest.Open()).reason;
  }
  bool Releases() {
    RawGuest guest(rig_);
    return ServerFaultsTest::Releases(&guest, guest.Open());
  }
  std::int64_t In(seconds time) const {
    return floor<seconds>(clock_.Now() + time).time_since_epoch().count();
  }

  ReleaseRig rig_{[](Config*) {}, &clock_};
};

TEST_F(ServerClockAndVersionsTest, TimesOfAVersionFollowTheClockBothWays) {
  admin::v1::VersionLimits limits;
  limits.set_not_before(In(hours(1)));
  limits.set_not_after(In(hours(3)));
  SetLimits(limits);
  EXPECT_EQ(Refusal(), "refused-by-policy");
  Jump(hours(2));
  EXPECT_TRUE(Releases());
  Jump(hours(2));
  EXPECT_EQ(Refusal(), "refused-by-policy");
  Jump(-hours(2));
  EXPECT_TRUE(Releases());
  Jump(-hours(2));
  EXPECT_EQ(Refusal(), "refused-by-policy");
  ExpectWholeLog(&rig_);
}

TEST_F(ServerClockAndVersionsTest, AWrongClockDestroysNoDeletedVersion) {
  Delete(days(2));
  Jump(days(365));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(rig_.server().TendStore(), Succeeds());
    clock_.Advance(minutes(19));
  }
  Jump(-days(365));
  EXPECT_THAT(rig_.server().TendStore(), Succeeds());
  EXPECT_EQ(Refusal(), "header-unknown");
  EXPECT_TRUE(Undelete());
  EXPECT_TRUE(Releases());

  // One that went back keeps what is due, for longer and not for ever.
  Delete(hours(1));
  Jump(-days(365));
  clock_.Advance(hours(5));
  EXPECT_THAT(rig_.server().TendStore(), Succeeds());
  Jump(days(365));
  EXPECT_THAT(rig_.server().TendStore(), Succeeds());
  EXPECT_TRUE(Undelete());
  Delete(hours(1));
  clock_.Advance(hours(2));
  EXPECT_THAT(rig_.server().TendStore(), Succeeds());
  clock_.Advance(minutes(61));
  EXPECT_THAT(rig_.server().TendStore(), Succeeds());
  EXPECT_FALSE(Undelete());
  EXPECT_EQ(Refusal(), "header-unknown");
  ExpectWholeLog(&rig_);
}

TEST_F(ServerFaultsTest, A7_ReleasesWithoutASourceUntilNextUpdateAndNoLonger) {
  ServedRig served({}, {}, &clock_);
  ASSERT_TRUE(served.Releases());
  served.service.reset();
  for (int day = 1; day <= 7; ++day) {
    clock_.Advance(days(1));
    EXPECT_TRUE(served.Releases()) << day;
  }
  clock_.Advance(days(21));
  EXPECT_TRUE(served.Releases());
  EXPECT_THAT(served.rig.server().CheckHealth(), Succeeds());
  clock_.Advance(days(2));
  EXPECT_EQ(served.Refuses().reason, "collateral-unavailable");
  EXPECT_THAT(served.rig.server().CheckHealth(),
              Fails(Reason::kCollateralUnavailable));

  served.StartService(MadeNow());
  clock_.Advance(minutes(6));
  EXPECT_TRUE(served.Releases());
  EXPECT_THAT(served.rig.server().CheckHealth(), Succeeds());
  ExpectWholeLog(&served.rig);
}

TEST_F(ServerFaultsTest, ASourceThatHangsHoldsUpNobodyWhoseSetIsHere) {
  ServedRig served({}, {}, &clock_);
  // Longer than this test may take.
  served.service.reset();
  served.settings.delay = hours(1);
  served.StartService();
  ASSERT_TRUE(served.Releases());
  const std::size_t before = served.service->requests().size();
  served.service->SetFaults(
      {{.kind = PccsFaultKind::kSlow, .path = "", .times = std::nullopt}});

  // Under a wrong time a guest makes the server ask, and both wait.
  Jump(days(60));
  RawGuest waiting(served.rig);
  ASSERT_TRUE(waiting.Send(waiting.EvidenceFor(waiting.Open())));
  while (served.service->requests().size() == before) {
    std::this_thread::yield();
  }
  Jump(-days(60));
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(served.Releases());
  }
  // It hung all the time: nothing was answered.
  EXPECT_EQ(served.service->requests().size(), before + 1);
  served.service.reset();
}

TEST_F(ServerFaultsTest, ALogChangedWhileItWasStoppedKeepsItFromStarting) {
  ReleaseRig rig([](Config*) {}, &clock_);
  RawGuest guest(rig);
  ASSERT_TRUE(Releases(&guest, guest.Open()));
  rig.End();
  const Config config = rig.config();
  const auto log =
      std::filesystem::path(config.audit_directory) / "audit.jsonl";
  const std::string whole = testing::Checked(ReadFile(log, 1 << 20));
  // Chain and signature of what is left are good.
  const std::size_t head = whole.find('\n', whole.find(R"("kind":"head")"));
  std::filesystem::resize_file(log, head + 1);
  const auto key = testing::Checked(LoadAuditKey(config.audit.key_file));
  EXPECT_FALSE(CheckLog(LogFilesIn(config.audit_directory), {key.public_key()})
                   .finding.has_value());
  EXPECT_THAT(KeyServer::Start(config), Fails(Reason::kAuditTampered));
  // A release that never was, with number and link.
  const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  audit::Position position =
      audit::ReadLinkedLine(
          std::string_view(whole).substr(last, whole.size() - last - 1))
          ->position;
  const std::string forged = testing::Checked(
      audit::LinkLine(R"({"audit_id":"7f3c-9","kind":"release"})", &position));
  ASSERT_THAT(ReplaceFile(log, AsBytes(whole + forged + "\n"), 0600),
              Succeeds());
  EXPECT_THAT(KeyServer::Start(config), Fails(Reason::kAuditTampered));
  ASSERT_THAT(ReplaceFile(log, AsBytes(whole), 0600), Succeeds());
  EXPECT_THAT(KeyServer::Start(config), Succeeds());
}

}  // namespace
}  // namespace tdxvfs::keyserver
