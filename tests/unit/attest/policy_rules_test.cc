// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "attest/event_log/replay.h"
#include "attest/policy/measurement_policy.h"
#include "attest/policy/tcb_rules.h"
#include "common/hex.h"
#include "simulator/quote_signer.h"
#include "tests/support/event_log_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/test_data.h"

namespace tdxvfs::policy {
namespace {

using attest::TcbStatus;
using attest::TcbVerdict;
using testing::EventLogBuilder;
using testing::Fails;
using testing::Succeeds;
using testing::TimeFromText;
using Names = std::vector<std::string>;

const auto kNow = TimeFromText("2026-11-21T12:00:00Z");

// Pins the registers of a report, with further members.
MeasurementPolicy PolicyFor(const attest::TdReport& report,
                            const std::string& more) {
  const auto one = [](const Measurement& value) {
    return "[\"" + ToHex(value) + "\"]";
  };
  return MeasurementPolicy::Parse(R"({"version":1,"mr_td":)" +
                                  one(report.mr_td) + R"(,"rtmr":{"0":)" +
                                  one(report.rtmr[0]) + R"(,"1":)" +
                                  one(report.rtmr[1]) + R"(,"2":)" +
                                  one(report.rtmr[2]) + "}," + more + "}")
      .value();
}

// A platform whose collateral is ten days old.
TcbVerdict VerdictOf(TcbStatus status) {
  TcbVerdict verdict;
  verdict.status = status;
  verdict.date = TimeFromText("2026-10-22T00:00:00Z");
  verdict.advisory_ids = {"INTEL-SA-00837", "INTEL-SA-00960"};
  verdict.tcb_info_evaluation_number = 20;
  verdict.qe_identity_evaluation_number = 19;
  verdict.earliest_document_issue = kNow - std::chrono::days(10);
  verdict.fmspc = {0x00, 0x80, 0x6f, 0x05, 0x00, 0x00};
  verdict.ppid.fill(0x77);
  return verdict;
}

struct Seen {
  Names failed;
  Acceptance acceptance = Acceptance::kRefused;
};

Seen JudgeMember(const std::string& member, const TcbVerdict* verdict,
                 const event_log::EventLog* log = nullptr,
                 const attest::TdReport& report = simulator::GoodTdReport()) {
  const MeasurementPolicy policy = PolicyFor(simulator::GoodTdReport(), member);
  const Judgement judgement =
      policy
          .Check(
              {.report = report, .now = kNow, .tcb = verdict, .event_log = log})
          .value();
  Seen seen{{}, judgement.acceptance};
  for (const attest::Check& check : judgement.checks) {
    if (!check.passed) {
      seen.failed.push_back(check.name);
    }
  }
  return seen;
}

struct TcbRow {
  std::string tcb;
  TcbStatus status;
  Names failed;
};

TEST(TcbRules, A8_EachRuleRefusesByItsOwnName) {
  const auto up_to_date = TcbStatus::kUpToDate;
  const auto hardening = TcbStatus::kSwHardeningNeeded;
  const auto old = TcbStatus::kOutOfDate;
  const std::string accept_hardening =
      R"("accept":["UpToDate","SWHardeningNeeded"])";
  const std::vector<TcbRow> rows = {
      {R"("accept":["UpToDate"])", up_to_date, {}},
      {R"("accept":["UpToDate"])", hardening, {"tcb status"}},
      {R"("accept":["SWHardeningNeeded"])", up_to_date, {"tcb status"}},
      {accept_hardening, hardening, {}},
      {accept_hardening, old, {"tcb status"}},
      {R"("minimum_tcb_date":"2026-10-22")", up_to_date, {}},
      {R"("minimum_tcb_date":"2026-10-23")", up_to_date, {"tcb date"}},
      {accept_hardening + R"(,"advisories":["INTEL-SA-00837"])",
       hardening,
       {"tcb advisories"}},
      {accept_hardening +
           R"(,"advisories":["INTEL-SA-00960","INTEL-SA-00837"])",
       hardening,
       {}},
      {R"("advisories":["INTEL-SA-00837"])", up_to_date, {}},
      {R"("grace":{"OutOfDate":"2026-11-21"})", old, {}},
      {R"("grace":{"OutOfDate":"2026-11-20"})", old, {"tcb status"}},
      {R"("grace":{"OutOfDate":"P30D"})", old, {}},
      {R"("grace":{"OutOfDate":"P29D"})", old, {"tcb status"}},
      {R"("grace":{"OutOfDate":"P30D"})", hardening, {"tcb status"}},
      {R"("grace":{"OutOfDate":"P30D"})", up_to_date, {}},
      {R"("minimum_evaluation_number":19)", up_to_date, {}},
      {R"("minimum_evaluation_number":20)",
       up_to_date,
       {"tcb evaluation number"}},
      {R"("maximum_collateral_age_days":10)", up_to_date, {}},
      {R"("maximum_collateral_age_days":9)", up_to_date, {"collateral age"}}};
  for (const TcbRow& row : rows) {
    const TcbVerdict verdict = VerdictOf(row.status);
    EXPECT_EQ(JudgeMember("\"tcb\":{" + row.tcb + "}", &verdict).failed,
              row.failed)
        << row.tcb << " " << TcbStatusName(row.status);
  }
}

TEST(TcbRules, A8_RevokedIsRefusedWhateverThePolicySays) {
  const TcbVerdict verdict = VerdictOf(TcbStatus::kRevoked);
  for (const char* tcb : {R"("tcb":{"accept":["OutOfDate"]})",
                          R"("tcb":{"grace":{"OutOfDate":"2099-12-31"}})"}) {
    EXPECT_EQ(JudgeMember(tcb, &verdict).failed, Names{"tcb status"});
  }
}

// Not even by rules that no policy can be written for.
TEST(TcbRules, A8_RevokedIsRefusedWhereverTheRulesComeFrom) {
  const TcbVerdict revoked = VerdictOf(TcbStatus::kRevoked);
  TcbRules rules;
  rules.accept = {TcbStatus::kRevoked};
  rules.grace[TcbStatus::kRevoked] = std::chrono::days(3650);
  EXPECT_FALSE(AllPassed(CheckPlatformTcb(rules, &revoked, kNow)));
}

TEST(TcbRules, A8_WithoutCollateralOnlyTheStatusIsLeftOut) {
  EXPECT_EQ(JudgeMember(R"("tcb":{"accept":["UpToDate"]})", nullptr).acceptance,
            Acceptance::kAccepted);
  const std::vector<std::pair<std::string, std::string>> rows = {
      {R"("tcb":{"minimum_tcb_date":"2001-01-01"})", "tcb date"},
      {R"("tcb":{"advisories":["INTEL-SA-00837"]})", "tcb advisories"},
      {R"("tcb":{"minimum_evaluation_number":1})", "tcb evaluation number"},
      {R"("tcb":{"maximum_collateral_age_days":3650})", "collateral age"},
      {R"("platforms":{"fmspc":["00806f050000"]})", "platform fmspc"},
      {R"("platforms":{"ppid":["77777777777777777777777777777777"]})",
       "platform ppid"}};
  for (const auto& [member, name] : rows) {
    EXPECT_EQ(JudgeMember(member, nullptr).failed, Names{name});
  }
}

TEST(TcbRules, A17_TheTcbIsTheReasonOnlyWhenAllElseWouldDo) {
  const TcbVerdict verdict = VerdictOf(TcbStatus::kOutOfDate);
  const std::string tcb = R"("tcb":{"accept":["UpToDate"]})";
  EXPECT_EQ(JudgeMember(tcb, &verdict).acceptance, Acceptance::kTcbRefused);
  attest::TdReport other = simulator::GoodTdReport();
  other.rtmr[1][0] ^= 1U;
  EXPECT_EQ(JudgeMember(tcb, &verdict, nullptr, other).acceptance,
            Acceptance::kRefused);
}

TEST(PlatformRules, OnlyListedPlatformsAreAccepted) {
  const TcbVerdict verdict = VerdictOf(TcbStatus::kUpToDate);
  const std::string ours = R"("fmspc":["00806f050000","50806f000000"])";
  const std::string theirs = R"("ppid":["78777777777777777777777777777777"])";
  EXPECT_TRUE(
      JudgeMember("\"platforms\":{" + ours + "}", &verdict).failed.empty());
  const Seen seen =
      JudgeMember("\"platforms\":{" + ours + "," + theirs + "}", &verdict);
  EXPECT_EQ(seen.failed, Names{"platform ppid"});
  EXPECT_EQ(seen.acceptance, Acceptance::kRefused);
  EXPECT_EQ(
      JudgeMember(R"("platforms":{"fmspc":["50806f000000"]})", &verdict).failed,
      Names{"platform fmspc"});
}

// A guest with a kernel, an initrd and a command line.
struct LoggedGuest {
  explicit LoggedGuest(std::uint8_t command_line = 0xa2) {
    const std::string grub = "kernel_cmdline: quiet";
    const auto bytes = EventLogBuilder()
                           .SpecId()
                           .Event(1, 0x80000008, 0xa0, "\x01F")
                           .Event(3, 0x0d, 0xa1, "/boot/vmlinuz")
                           .Event(3, 0x0d, 0xa3, "/boot/initrd.img")
                           .Event(3, 0x0d, command_line, grub)
                           .bytes();
    log = event_log::ParseEventLog(bytes).value();
    report = simulator::GoodTdReport();
    report.rtmr = event_log::Replay(log).value();
  }
  event_log::EventLog log;
  attest::TdReport report;
};

std::string Digest(const std::string& pair) {
  std::string hex;
  for (int i = 0; i < 48; ++i) {
    hex += pair;
  }
  return "[\"" + hex + "\"]";
}

std::string NamedEvents() {
  return R"("events":{"kernel":)" + Digest("a1") + R"(,"initrd":)" +
         Digest("a3") + R"(,"command_line":)" + Digest("a2") + "}";
}

Judgement JudgeLogged(const MeasurementPolicy& policy, const LoggedGuest& guest,
                      bool with_log = true) {
  return policy
      .Check({.report = guest.report,
              .now = kNow,
              .event_log = with_log ? &guest.log : nullptr})
      .value();
}

TEST(EventRules, A11_TheCommandLineThatDiffersIsNamed) {
  const LoggedGuest good;
  const MeasurementPolicy policy = PolicyFor(good.report, NamedEvents());
  EXPECT_EQ(JudgeLogged(policy, good).acceptance, Acceptance::kAccepted);

  const LoggedGuest other(0xee);
  const Judgement judgement = JudgeLogged(policy, other);
  EXPECT_EQ(judgement.acceptance, Acceptance::kRefused);
  Names failed;
  for (const attest::Check& check : judgement.checks) {
    if (!check.passed) {
      failed.push_back(check.name);
      if (check.name == "rtmr2") {
        EXPECT_TRUE(check.actual.ends_with(", differs in: kernel command line"))
            << check.actual;
      }
    }
  }
  EXPECT_EQ(failed, (Names{"rtmr2", "event kernel command line"}));
}

TEST(EventRules, A11_EventsNeverStandInForARegister) {
  const LoggedGuest good;
  const std::string start =
      R"({"version":1,"mr_td":)" + Digest("00") + "," + NamedEvents() + "}";
  EXPECT_THAT(MeasurementPolicy::Parse(start), Fails(Reason::kPolicyInvalid));
}

TEST(EventRules, A11_AGuestWithoutALogFailsEveryRuleAboutEvents) {
  const LoggedGuest good;
  const MeasurementPolicy policy = PolicyFor(good.report, NamedEvents());
  const Judgement judgement = JudgeLogged(policy, good, false);
  EXPECT_EQ(judgement.acceptance, Acceptance::kRefused);
}

TEST(EventRules, A11_NarrowARegisterThatIsLeftOpen) {
  const LoggedGuest good;
  const LoggedGuest other(0xee);
  std::string open = R"({"version":1,"mr_td":[")" + ToHex(good.report.mr_td) +
                     R"("],"acknowledge":["rtmr0","rtmr1","rtmr2"],)";
  for (const std::string& events :
       {NamedEvents(), R"("events":{"rtmr":{"2":[)" +
                           Digest("a1").substr(1, 98) + "," +
                           Digest("a2").substr(1, 98) + "," +
                           Digest("a3").substr(1, 98) + "]}}"}) {
    ASSERT_OK_AND_ASSIGN(const MeasurementPolicy policy,
                         MeasurementPolicy::Parse(open + events + "}"));
    EXPECT_EQ(JudgeLogged(policy, good).acceptance, Acceptance::kAccepted);
    EXPECT_EQ(JudgeLogged(policy, other).acceptance, Acceptance::kRefused);
  }
}

TEST(EventRules, APolicyLearnedWithALogNamesWhatWasBooted) {
  const LoggedGuest good;
  ASSERT_OK_AND_ASSIGN(const std::string json,
                       PolicyFromReport(good.report, true, &good.log));
  EXPECT_NE(json.find(R"("kernel":)" + Digest("a1")), std::string::npos);
  EXPECT_NE(json.find(R"("command_line":)" + Digest("a2")), std::string::npos);
  EXPECT_EQ(json.find("firmware"), std::string::npos);
  ASSERT_OK_AND_ASSIGN(const MeasurementPolicy policy,
                       MeasurementPolicy::Parse(json));
  EXPECT_EQ(JudgeLogged(policy, good).acceptance, Acceptance::kAccepted);
}

TEST(EventRules, A11_AnEventThatIsNotInTheLogIsRefused) {
  const LoggedGuest good;
  const MeasurementPolicy policy =
      PolicyFor(good.report, R"("events":{"acpi":)" + Digest("a1") + "}");
  EXPECT_EQ(JudgeLogged(policy, good).acceptance, Acceptance::kRefused);
}

// One that is listed does not make up for another of its kind.
TEST(EventRules, A11_EveryEventOfANamedKindIsListed) {
  const auto initrd = [](std::uint8_t digest, EventLogBuilder& log) {
    log.Event(3, 0x0d, digest, "/boot/initrd.img");
  };
  const attest::TdReport report = simulator::GoodTdReport();
  std::string open = R"({"version":1,"mr_td":[")" + ToHex(report.mr_td) +
                     R"("],"acknowledge":["rtmr0","rtmr1","rtmr2"],)"
                     R"("events":{"initrd":)" +
                     Digest("a3") + "}}";
  ASSERT_OK_AND_ASSIGN(const MeasurementPolicy policy,
                       MeasurementPolicy::Parse(open));
  struct Row {
    std::vector<std::uint8_t> digests;
    bool accepted;
  };
  for (const Row& row : std::vector<Row>{{{}, false},
                                         {{0xa3}, true},
                                         {{0xa3, 0xa3}, true},
                                         {{0xa4, 0xa3}, false},
                                         {{0xa3, 0xa4}, false},
                                         {{0xa4}, false}}) {
    EventLogBuilder builder;
    builder.SpecId();
    for (const std::uint8_t digest : row.digests) {
      initrd(digest, builder);
    }
    ASSERT_OK_AND_ASSIGN(const event_log::EventLog log,
                         event_log::ParseEventLog(builder.bytes()));
    ASSERT_OK_AND_ASSIGN(
        const Judgement judgement,
        policy.Check({.report = report, .now = kNow, .event_log = &log}));
    EXPECT_EQ(judgement.acceptance == Acceptance::kAccepted, row.accepted)
        << row.digests.size();
  }
}

// An event of another register is not why this one differs.
TEST(EventRules, A11_OnlyEventsOfTheRegisterAreNamedBesideIt) {
  const LoggedGuest good;
  attest::TdReport report = good.report;
  report.rtmr[1][0] ^= 1U;
  const MeasurementPolicy policy = PolicyFor(report, NamedEvents());
  const LoggedGuest other(0xee);
  for (const attest::Check& check : JudgeLogged(policy, other).checks) {
    if (check.name == "rtmr1") {
      EXPECT_FALSE(check.passed);
      EXPECT_EQ(check.actual, ToHex(other.report.rtmr[1]));
    }
  }
}

TEST(PolicyRules, MembersThatCannotHoldAreRefusedByPath) {
  const std::string start = R"({"version":1,"mr_td":)" + Digest("00") +
                            R"(,"acknowledge":["rtmr0","rtmr1","rtmr2"],)";
  const std::vector<std::pair<std::string, std::string>> rows = {
      {R"("tcb":{"grace":{"Revoked":"P30D"}})", "$.tcb.grace.Revoked"},
      {R"("tcb":{"grace":{"UpToDate":"P30D"}})", "$.tcb"},
      {R"("tcb":{"grace":{"OutOfDate":"P0D"}})", "$.tcb.grace.OutOfDate"},
      {R"("tcb":{"grace":{"OutOfDate":"P3651D"}})", "$.tcb.grace.OutOfDate"},
      {R"("tcb":{"grace":{"OutOfDate":"P1M"}})", "$.tcb.grace.OutOfDate"},
      {R"("tcb":{"grace":{"OutOfDate":"2026-02-30"}})",
       "$.tcb.grace.OutOfDate"},
      {R"("tcb":{"grace":{"OutOfDate":"2026-2-3"}})", "$.tcb.grace.OutOfDate"},
      {R"("tcb":{"grace":{}})", "$.tcb.grace"},
      {R"("tcb":{"advisories":[]})", "$.tcb.advisories"},
      {R"("tcb":{"advisories":["intel-sa-1"]})", "$.tcb.advisories[0]"},
      {R"("tcb":{"minimum_tcb_date":"yesterday"})", "$.tcb.minimum_tcb_date"},
      {R"("tcb":{"minimum_evaluation_number":0})",
       "$.tcb.minimum_evaluation_number"},
      {R"("tcb":{"minimum_evaluation_number":"17"})",
       "$.tcb.minimum_evaluation_number"},
      {R"("tcb":{"maximum_collateral_age_days":3651})",
       "$.tcb.maximum_collateral_age_days"},
      {R"("tcb":{"minimum":1})", "$.tcb.minimum"},
      {R"("platforms":{"fmspc":["00806F050000"]})", "$.platforms.fmspc[0]"},
      {R"("platforms":{"ppid":["00"]})", "$.platforms.ppid[0]"},
      {R"("platforms":{"ca":["platform"]})", "$.platforms.ca"},
      {R"("platforms":{})", "$.platforms"},
      {R"("events":{"separator":)" + Digest("00") + "}", "$.events.separator"},
      {R"("events":{"kernel":["00"]})", "$.events.kernel[0]"},
      {R"("events":{"rtmr":{"4":)" + Digest("00") + "}}", "$.events.rtmr.4"},
      {R"("events":{"rtmr":[]})", "$.events.rtmr"},
      {R"("events":null)", "$.events"},
      {R"("tcb":{"advisories":["INTEL-SA-)" + std::string(24, '0') + "\"]}",
       "$.tcb.advisories[0]"}};
  for (const auto& [member, path] : rows) {
    const auto policy = MeasurementPolicy::Parse(start + member + "}");
    ASSERT_THAT(policy, Fails(Reason::kPolicyInvalid)) << member;
    EXPECT_NE(policy.error().message().find(path + ":"), std::string::npos)
        << member << ": " << policy.error().message();
  }
}

TEST(PolicyRules, GoodMembersAreAccepted) {
  const std::string start = R"({"version":1,"mr_td":)" + Digest("00") +
                            R"(,"acknowledge":["rtmr0","rtmr1","rtmr2"],)";
  for (
      const std::string& member :
      {std::string(
           R"("tcb":{"grace":{"OutOfDate":"P3650D","TDRelaunchAdvised":"2030-01-01"}})"),
       std::string(R"("tcb":{"advisories":["INTEL-SA-00837"]})"),
       std::string(
           R"("platforms":{"fmspc":["00806f050000"],"ppid":["00112233445566778899aabbccddeeff"]})"),
       R"("events":{"firmware":)" + Digest("00") + R"(,"rtmr":{"0":)" +
           Digest("00") + "}}"}) {
    EXPECT_THAT(MeasurementPolicy::Parse(start + member + "}"), Succeeds())
        << member;
  }
}

}  // namespace
}  // namespace tdxvfs::policy
