// SPDX-License-Identifier: Apache-2.0
// Event logs and kept evidence in the release exchange.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "attest/event_log/replay.h"
#include "attest/policy/measurement_policy.h"
#include "common/hex.h"
#include "common/sha256.h"
#include "tests/support/event_log_builder.h"
#include "tests/support/release_rig.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using testing::Ending;
using testing::EventLogBuilder;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawGuest;
using testing::ReleaseRig;

// A guest whose log leads to its registers.
std::vector<std::uint8_t> Log(std::uint8_t command_line) {
  return EventLogBuilder()
      .SpecId()
      .Event(1, 0x80000008, 0xa0, "\x01F")
      .Event(2, 0x80000007, 0xa1, "Exit Boot Services Invocation")
      .Event(3, 0x0d, command_line, "kernel_cmdline: quiet")
      .bytes();
}

attest::TdReport ReportOf(const std::vector<std::uint8_t>& log) {
  attest::TdReport report = ReleaseRig::GuestReport();
  report.rtmr =
      event_log::Replay(event_log::ParseEventLog(log).value()).value();
  return report;
}

std::string PolicyOf(const attest::TdReport& report, std::uint8_t digest) {
  std::string json = policy::PolicyFromReport(report, true).value();
  json.pop_back();
  return json + R"(,"events":{"command_line":[")" +
         ToHex(std::vector<std::uint8_t>(48, digest)) + "\"]}}";
}

// How a guest with this log fared; an empty reason is a release.
Ending ShowWithLog(ReleaseRig& rig, const attest::TdReport& report,
                   const std::vector<std::uint8_t>& log) {
  RawGuest guest(rig);
  v1::GuestMessage evidence = guest.EvidenceFor(guest.Open(), report);
  evidence.mutable_evidence()->set_event_log(log.data(), log.size());
  EXPECT_TRUE(guest.Send(evidence));
  const auto answer = guest.Receive();
  if (answer.has_value()) {
    EXPECT_TRUE(guest.Send(guest.OutcomeFor(answer->release(), true)));
  }
  return guest.Finish();
}

TEST(ReleaseEvidence, A11_LogThatReplaysIsJudgedByThePolicy) {
  ReleaseRig rig;
  const auto good = Log(0xa2);
  const auto other = Log(0xee);
  ASSERT_TRUE(rig.PutPolicy("data", PolicyOf(ReportOf(good), 0xa2)).ok());

  EXPECT_EQ(ShowWithLog(rig, ReportOf(good), good).reason, "");
  const std::string released = rig.LastAudit();
  EXPECT_THAT(released, HasSubstr("\"event_log_sha256\":\"" +
                                  ToHex(Sha256(good).value()) + "\""));

  const Ending refused = ShowWithLog(rig, ReportOf(other), other);
  EXPECT_EQ(refused.reason, "refused-by-policy");
  EXPECT_THAT(rig.Audit(refused.audit_id),
              HasSubstr("differs in: kernel command line"));

  EXPECT_EQ(ShowWithLog(rig, ReportOf(good), {}).reason, "refused-by-policy");
}

TEST(ReleaseEvidence, A11_LogThatDoesNotReplayIsRefused) {
  ReleaseRig rig;
  const auto good = Log(0xa2);
  ASSERT_TRUE(rig.PutPolicy("data", PolicyOf(ReportOf(good), 0xa2)).ok());
  // The log that the policy wants, before the registers of another guest.
  const Ending refused = ShowWithLog(rig, ReportOf(Log(0xee)), good);
  EXPECT_EQ(refused.reason, "quote-invalid");
  const std::string record = rig.Audit(refused.audit_id);
  EXPECT_THAT(record, HasSubstr("event log replays to rtmr2"));
  EXPECT_THAT(record, Not(HasSubstr("\"event_log\":")));

  const Ending torn =
      ShowWithLog(rig, ReportOf(good), {good.begin(), good.end() - 1});
  EXPECT_EQ(torn.reason, "quote-invalid");
}

TEST(ReleaseEvidence, WhatAGenuineGuestShowedIsKeptWithTheDecision) {
  ReleaseRig rig;
  const auto log = Log(0xa2);
  auto area = log;
  area.resize(100'000, 0xff);
  const Ending refused = ShowWithLog(rig, ReportOf(log), area);
  EXPECT_EQ(refused.reason, "refused-by-policy");
  const std::string record = rig.Audit(refused.audit_id);
  for (const char* member :
       {R"("evidence":"kept")", R"("quote":")", R"("event_log":")",
        R"("nonce":")", R"("public_key":")", R"("evidence_sha256":")"}) {
    EXPECT_THAT(record, HasSubstr(member));
  }
  // Without the fill.
  EXPECT_LT(record.size(), 20'000U);
}

TEST(ReleaseEvidence, NothingButDigestsIsKeptWhenSwitchedOff) {
  ReleaseRig rig([](Config* config) { config->audit.evidence.keep = false; });
  const auto log = Log(0xa2);
  const Ending refused = ShowWithLog(rig, ReportOf(log), log);
  const std::string record = rig.Audit(refused.audit_id);
  EXPECT_THAT(record, HasSubstr("\"evidence_sha256\":\""));
  EXPECT_THAT(record, Not(HasSubstr("\"quote\":\"")));
}

}  // namespace
}  // namespace tdxvfs::keyserver
