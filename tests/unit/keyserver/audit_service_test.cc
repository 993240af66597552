// SPDX-License-Identifier: Apache-2.0
// Reading, exporting and replaying decisions over the admin socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attest/policy/measurement_policy.h"
#include "common/audit_check.h"
#include "common/file.h"
#include "keyserver/audit/audit_key_file.h"
#include "tests/support/audit_log_text.h"
#include "tests/support/release_rig.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::CheckLog;
using ::tdxvfs::testing::RawGuest;
using ::tdxvfs::testing::ReleaseRig;
using ::testing::HasSubstr;

attest::TdReport OtherKernel() {
  attest::TdReport report = ReleaseRig::GuestReport();
  report.rtmr[1][0] ^= 1U;
  return report;
}

// The reason of a refusal, or empty.
std::string ReasonFor(ReleaseRig& rig, const attest::TdReport& report) {
  RawGuest guest(rig);
  EXPECT_TRUE(guest.Send(guest.EvidenceFor(guest.Open(), report)));
  const auto answer = guest.Receive();
  if (answer.has_value()) {
    EXPECT_TRUE(guest.Send(guest.OutcomeFor(answer->release(), true)));
  }
  return guest.Finish().reason;
}

std::string PolicyFor(const attest::TdReport& report) {
  return policy::PolicyFromReport(report, true).value();
}

admin::v1::TestPolicyResponse Replay(ReleaseRig& rig, const std::string& json) {
  admin::v1::TestPolicyRequest request;
  request.set_json(json);
  admin::v1::TestPolicyResponse response;
  grpc::ClientContext context;
  EXPECT_TRUE(rig.admin().TestPolicy(&context, request, &response).ok());
  return response;
}

TEST(AuditService, ReplaysEvidenceAgainstAnotherPolicy) {
  ReleaseRig rig;
  EXPECT_EQ(ReasonFor(rig, ReleaseRig::GuestReport()), "");
  EXPECT_EQ(ReasonFor(rig, OtherKernel()), "refused-by-policy");
  rig.Restart();  // long after the nonces

  const auto same = Replay(rig, ReleaseRig::GuestPolicy());
  ASSERT_EQ(same.decisions_size(), 2);
  EXPECT_EQ(same.decisions(0).reason_now(), "");
  EXPECT_EQ(same.decisions(1).reason_then(), "refused-by-policy");
  EXPECT_EQ(same.decisions(1).reason_now(), "refused-by-policy");
  EXPECT_EQ(same.decisions(1).differing(), "rtmr1");

  const auto other = Replay(rig, PolicyFor(OtherKernel()));
  ASSERT_EQ(other.decisions_size(), 2);
  EXPECT_EQ(other.decisions(0).reason_then(), "");
  EXPECT_EQ(other.decisions(0).reason_now(), "refused-by-policy");
  EXPECT_EQ(other.decisions(1).reason_now(), "");
  // Nothing was decided, so nothing was recorded.
  EXPECT_EQ(Replay(rig, ReleaseRig::GuestPolicy()).decisions_size(), 2);
}

// The quote is genuine and would satisfy any policy; it was made for another
// exchange.
TEST(AuditService, ReplaysAQuoteOfAnotherExchangeAsRefused) {
  ReleaseRig rig;
  RawGuest guest(rig);
  const v1::Challenge challenge = guest.Open();
  guest.claims().volume = "other";
  EXPECT_EQ(guest.Refused(guest.EvidenceFor(challenge)).reason,
            "binding-mismatch");
  const auto replayed = Replay(rig, ReleaseRig::GuestPolicy());
  ASSERT_EQ(replayed.decisions_size(), 1);
  EXPECT_EQ(replayed.decisions(0).reason_now(), "binding-mismatch");
}

TEST(AuditService, SaysWhatCannotBeReplayed) {
  ReleaseRig rig([](Config* config) { config->audit.evidence.keep = false; });
  EXPECT_EQ(ReasonFor(rig, ReleaseRig::GuestReport()), "");
  const auto replayed = Replay(rig, ReleaseRig::GuestPolicy());
  ASSERT_EQ(replayed.decisions_size(), 1);
  EXPECT_EQ(replayed.decisions(0).not_replayed(), "no evidence was kept");

  admin::v1::TestPolicyRequest request;
  request.set_json("{}");
  admin::v1::TestPolicyResponse response;
  grpc::ClientContext context;
  EXPECT_FALSE(rig.admin().TestPolicy(&context, request, &response).ok());
}

TEST(AuditService, ExportsALogThatCanBeChecked) {
  ReleaseRig rig;
  EXPECT_EQ(ReasonFor(rig, ReleaseRig::GuestReport()), "");
  EXPECT_EQ(ReasonFor(rig, OtherKernel()), "refused-by-policy");
  admin::v1::ExportAuditResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(rig.admin().ExportAudit(&context, {}, &response).ok());
  EXPECT_EQ(response.next(), "");
  std::string text;
  for (const std::string& line : response.lines()) {
    text += line + "\n";
  }
  ASSERT_OK_AND_ASSIGN(const audit::SigningKey key,
                       LoadAuditKey(rig.config().audit.key_file));
  const audit::Verdict verdict = CheckLog({text}, {key.public_key()});
  EXPECT_FALSE(verdict.finding.has_value());
  // chain, head, release, outcome, refusal
  EXPECT_EQ(verdict.last, 5U);

  admin::v1::ExportAuditRequest refusals;
  refusals.mutable_filter()->set_reason("refused-by-policy");
  refusals.mutable_filter()->set_peer("127.0.0.1");
  admin::v1::ExportAuditResponse filtered;
  grpc::ClientContext again;
  ASSERT_TRUE(rig.admin().ExportAudit(&again, refusals, &filtered).ok());
  EXPECT_THAT(filtered.lines(),
              ::testing::Contains(HasSubstr("\"kind\":\"refusal\"")));
}

TEST(AuditService, AStoppedServersLogEndsInAHead) {
  ReleaseRig rig;
  EXPECT_EQ(ReasonFor(rig, ReleaseRig::GuestReport()), "");
  rig.server().Stop();
  ASSERT_OK_AND_ASSIGN(
      const std::string log,
      ReadFile(rig.config().audit_directory + "/audit.jsonl", 1 << 20));
  ASSERT_OK_AND_ASSIGN(const audit::SigningKey key,
                       LoadAuditKey(rig.config().audit.key_file));
  const audit::Verdict verdict = CheckLog({log}, {key.public_key()});
  EXPECT_FALSE(verdict.finding.has_value());
  EXPECT_EQ(verdict.unsigned_lines, 0U);
}

}  // namespace
}  // namespace tdxvfs::keyserver
