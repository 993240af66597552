// SPDX-License-Identifier: Apache-2.0
#include "cli/decision_advice.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tdxvfs::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

DecisionAdvice Of(const std::string& detail, const attest::Checks& checks) {
  return AdviceFor({{"kind", "refusal"},
                    {"reason", "refused-by-policy"},
                    {"detail", detail}},
                   checks);
}

struct Row {
  std::string detail;
  std::string to_do;
};

// The guest is told one reason for all of these; its operator is not.
TEST(DecisionAdvice, SaysWhatToDoWhereTheVolumeIsTheMatter) {
  const std::vector<Row> rows = {
      {"the volume is unknown", "'tdxvfs key put'"},
      {"the volume is disabled", "'tdxvfs key enable'"},
      {"the volume has no policy", "'tdxvfs policy put'"},
      {"version 1 is not released before 2030-01-01T00:00:00.000Z", "wait"},
      {"version 1 is not released after 2020-01-01T00:00:00.000Z",
       "'tdxvfs key limit'"},
      {"version 1 has had its 5 releases", "--guests"},
      {"D4 does not hold; the policy does not say \"allow_imported\": true",
       "say so in its policy"}};
  for (const Row& row : rows) {
    const DecisionAdvice advice = Of(row.detail, {});
    EXPECT_THAT(advice.sentence, HasSubstr("this volume is not released"));
    EXPECT_THAT(advice.sentence, HasSubstr(row.detail));
    EXPECT_THAT(advice.remedy, HasSubstr(row.to_do)) << row.detail;
  }
}

TEST(DecisionAdvice, SpeaksOfTheGuestWhereACheckFailed) {
  const DecisionAdvice advice = Of("the policy does not accept: mr_td",
                                   {{"mr_td", "aa", "bb", false, "policy"}});
  EXPECT_THAT(advice.sentence, HasSubstr("policy accepts (mr_td)"));
  EXPECT_THAT(advice.remedy, Not(HasSubstr("key limit")));
}

DecisionAdvice OfPlatform(const attest::Checks& checks) {
  return AdviceFor({{"kind", "refusal"},
                    {"reason", "tcb-out-of-date"},
                    {"remedy", "harden; advisories: INTEL-SA-00837"}},
                   checks);
}

TEST(DecisionAdvice, TheRemedyOnRecordIsAboutTheStatusAlone) {
  const DecisionAdvice status = OfPlatform(
      {{"tcb status", "UpToDate", "SWHardeningNeeded", false, "policy"}});
  EXPECT_THAT(status.remedy, HasSubstr("INTEL-SA-00837; the policy's \"tcb\""));
  const DecisionAdvice date = OfPlatform(
      {{"tcb status", "SWHardeningNeeded", "SWHardeningNeeded", true, "policy"},
       {"tcb date", "2024-03-14 or later", "2024-03-13", false, "policy"}});
  EXPECT_THAT(date.remedy, HasSubstr("minimum_tcb_date"));
}

TEST(DecisionAdvice, NoPolicyIsSaidToAcceptWhatIntelRevoked) {
  const DecisionAdvice advice =
      OfPlatform({{"tcb status", "UpToDate", "Revoked", false, "policy"}});
  EXPECT_THAT(advice.sentence, HasSubstr("Intel revoked"));
  EXPECT_EQ(advice.remedy, "harden; advisories: INTEL-SA-00837");
}

TEST(DecisionAdvice, TheOperatorIsToldMoreThanTheGuest) {
  for (const auto& [reason, to_do] :
       std::vector<std::pair<std::string, std::string>>{
           {"server-overloaded", "volume_per_minute"},
           {"header-unknown", "key undelete"},
           {"collateral-unavailable", "docs/runbook.md"}}) {
    EXPECT_THAT(AdviceFor({{"kind", "refusal"}, {"reason", reason}}, {}).remedy,
                HasSubstr(to_do));
  }
}

TEST(DecisionAdvice, APlatformThatIsUpToDateIsNotToldToUpdate) {
  const DecisionAdvice advice =
      AdviceFor({{"kind", "refusal"}, {"reason", "tcb-out-of-date"}},
                {{"tcb status", "OutOfDate", "UpToDate", false, "policy"}});
  EXPECT_THAT(advice.sentence, HasSubstr("platform is up to date"));
  EXPECT_THAT(advice.remedy, HasSubstr("add UpToDate"));
}

// The record is written before the key is read.
TEST(DecisionAdvice, AKeyThatCouldNotBeReadWasNotReleased) {
  const std::vector<JsonLeaf> record = {
      {"kind", "release"},
      {"outcome.result", "failed"},
      {"outcome.reason", "store-invalid"},
      {"outcome.detail", "not sent: volume 'data' version 1: damaged"}};
  EXPECT_EQ(DecisionText(record), "not sent, though recorded: store-invalid");
  const DecisionAdvice advice = AdviceFor(record, {});
  EXPECT_THAT(advice.sentence, HasSubstr("nothing was released"));
  EXPECT_THAT(advice.sentence, HasSubstr("(volume 'data' version 1: damaged)"));
  EXPECT_THAT(advice.remedy, HasSubstr("backup"));
}

// The guest cannot mend it, and nobody should look for another one.
TEST(DecisionAdvice, OldDocumentsAreTheKeyServersMatter) {
  for (const char* const name : {"collateral age", "tcb evaluation number"}) {
    const attest::Check old{name, "30", "20", false, "policy"};
    EXPECT_THAT(Of("", {old}).sentence, HasSubstr("Intel's documents")) << name;
    EXPECT_THAT(Of("", {old}).remedy, HasSubstr("fetch newer")) << name;
    EXPECT_THAT(Of("", {old, {"mr_td", "aa", "bb", false, "policy"}}).sentence,
                HasSubstr("policy accepts"));
  }
}

TEST(DecisionAdvice, AWithdrawnAuthorityIsNoMatterOfTheNetwork) {
  const DecisionAdvice advice = AdviceFor(
      {{"kind", "refusal"},
       {"reason", "collateral-unavailable"},
       {"detail", "no collateral for x: PCK CA: revoked by the root CA"}},
      {});
  EXPECT_THAT(advice.remedy, HasSubstr("do not trust"));
}

}  // namespace
}  // namespace tdxvfs::cli
