// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/tcb_evaluation.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tdxvfs::verify {
namespace {

using attest::TcbStatus;
using attest::TcbStatusName;
using enum attest::TcbStatus;

std::chrono::system_clock::time_point Day(int day) {
  return std::chrono::system_clock::time_point(
      std::chrono::hours(24 * static_cast<long>(day)));
}

// A TD whose platform, QE and module version 1 all reach their newest levels,
// under documents with two levels each.
struct World {
  TcbInfo info;
  QeIdentity identity;
  Evaluation evaluation;

  attest::TdReport& report() {
    return std::get<attest::TdReport>(evaluation.quote.body);
  }
};

IsvTcbLevel IsvLevel(std::uint16_t isv_svn, TcbStatus status, int day) {
  IsvTcbLevel level;
  level.isv_svn = isv_svn;
  level.outcome.status = status;
  level.outcome.date = Day(day);
  return level;
}

PlatformTcbLevel PlatformLevel(std::uint16_t pce_svn, TcbStatus status,
                               int day) {
  PlatformTcbLevel level;
  level.pce_svn = pce_svn;
  level.outcome.status = status;
  level.outcome.date = Day(day);
  return level;
}

World GoodWorld() {
  World world;
  world.info.tdx_module.emplace();
  TdxModuleIdentity module;
  module.major_version = 1;
  module.levels = {IsvLevel(5, kUpToDate, 300), IsvLevel(3, kOutOfDate, 100)};
  world.info.tdx_module_identities.push_back(module);
  world.info.levels = {PlatformLevel(13, kUpToDate, 300),
                       PlatformLevel(11, kOutOfDate, 100)};
  world.info.evaluation_number = 20;
  world.identity.levels = {IsvLevel(8, kUpToDate, 300),
                           IsvLevel(6, kOutOfDate, 200)};
  world.identity.evaluation_number = 19;
  world.evaluation.platform.pce_svn = 13;
  world.evaluation.quote.qe_report.isv_svn = 8;
  attest::TdReport report;
  report.tee_tcb_svn = {5, 1};
  world.evaluation.quote.body = report;
  return world;
}

bool Evaluate(World& world) {
  return EvaluateTcb(world.info, world.identity, world.evaluation);
}

struct StatusCase {
  TcbStatus status;
  std::function<void(World&)> change;
};

void Relaunch(World& world) {
  world.report().tee_tcb_svn = {3, 1};
  world.report().tee_tcb_svn2 = attest::ByteArray<16>{5, 1};
}

// One case at least for every status there is.
std::vector<StatusCase> StatusCases() {
  const auto newest_is = [](TcbStatus status) {
    return [status](World& world) {
      world.info.levels.front().outcome.status = status;
    };
  };
  return {
      {kUpToDate, [](World&) {}},
      {kSwHardeningNeeded, newest_is(kSwHardeningNeeded)},
      {kConfigurationNeeded, newest_is(kConfigurationNeeded)},
      {kConfigurationAndSwHardeningNeeded,
       newest_is(kConfigurationAndSwHardeningNeeded)},
      {kOutOfDateConfigurationNeeded, newest_is(kOutOfDateConfigurationNeeded)},
      {kRevoked, newest_is(kRevoked)},
      {kOutOfDate, [](World& w) { w.evaluation.platform.pce_svn = 12; }},
      {kOutOfDate, [](World& w) { w.evaluation.quote.qe_report.isv_svn = 7; }},
      {kOutOfDate,
       [](World& w) {
         w.report().tee_tcb_svn = {4, 1};
       }},
      {kRevoked,
       [](World& w) {
         w.report().tee_tcb_svn = {4, 1};
         w.info.tdx_module_identities[0].levels[1].outcome.status = kRevoked;
       }},
      {kRevoked,
       [](World& w) { w.identity.levels[0].outcome.status = kRevoked; }},
      {kTdRelaunchAdvised, Relaunch},
      {kTdRelaunchAdvisedConfigurationNeeded,
       [](World& w) {
         Relaunch(w);
         w.info.levels.front().outcome.status = kConfigurationNeeded;
       }},
      // The module at launch counts, even when an older one runs now.
      {kUpToDate,
       [](World& w) {
         w.report().tee_tcb_svn2 = attest::ByteArray<16>{3, 1};
       }},
  };
}

TEST(EvaluateTcb, ReachesEveryStatus) {
  std::set<TcbStatus> reached;
  for (const StatusCase& row : StatusCases()) {
    World world = GoodWorld();
    row.change(world);
    ASSERT_TRUE(Evaluate(world)) << world.evaluation.failure;
    ASSERT_TRUE(world.evaluation.tcb.has_value());
    EXPECT_EQ(world.evaluation.tcb->status, row.status)
        << TcbStatusName(world.evaluation.tcb->status) << " instead of "
        << TcbStatusName(row.status);
    EXPECT_EQ(world.evaluation.remedy.empty(), row.status == kUpToDate)
        << TcbStatusName(row.status);
    reached.insert(world.evaluation.tcb->status);
  }
  EXPECT_EQ(reached.size(), attest::kTcbStatusCount);
}

TEST(EvaluateTcb, ANewestLevelThatIsOutOfDateAsksForAnUpdateOfTheHost) {
  World world = GoodWorld();
  world.info.levels.front().outcome.status = kOutOfDate;
  world.info.levels.front().outcome.advisory_ids = {"INTEL-SA-00837"};
  ASSERT_TRUE(Evaluate(world));
  EXPECT_EQ(world.evaluation.remedy,
            "update the host's BIOS, microcode and TDX module; advisories: "
            "INTEL-SA-00837");
}

TEST(EvaluateTcb, TellsEveryPartOfTheVerdict) {
  World world = GoodWorld();
  world.evaluation.platform.pce_svn = 11;
  world.info.levels[1].outcome.advisory_ids = {"INTEL-SA-00837"};
  world.identity.levels[0].outcome.advisory_ids = {"INTEL-SA-00615"};
  ASSERT_TRUE(Evaluate(world));
  const attest::TcbVerdict& tcb = *world.evaluation.tcb;
  EXPECT_EQ(tcb.status, kOutOfDate);
  EXPECT_EQ(tcb.platform_status, kOutOfDate);
  EXPECT_EQ(tcb.qe_status, kUpToDate);
  EXPECT_EQ(tcb.module_status, kUpToDate);
  EXPECT_EQ(tcb.launch_status, std::nullopt);
  EXPECT_EQ(tcb.date, Day(100));
  EXPECT_EQ(tcb.advisory_ids,
            (std::vector<std::string>{"INTEL-SA-00615", "INTEL-SA-00837"}));
  EXPECT_EQ(tcb.tcb_info_evaluation_number, 20U);
  EXPECT_EQ(tcb.qe_identity_evaluation_number, 19U);
  EXPECT_EQ(world.evaluation.tcb_shortfall, "PCE SVN 11 is below 13");
}

TEST(EvaluateTcb, TellsBothStatusesOfARelaunch) {
  World world = GoodWorld();
  world.report().tee_tcb_svn = {3, 1};
  world.report().tee_tcb_svn2 = attest::ByteArray<16>{5, 1};
  ASSERT_TRUE(Evaluate(world));
  const attest::TcbVerdict& tcb = *world.evaluation.tcb;
  EXPECT_EQ(tcb.launch_status, kOutOfDate);
  EXPECT_EQ(tcb.current_status, kUpToDate);
  EXPECT_EQ(tcb.module_status, kOutOfDate);
  EXPECT_EQ(tcb.date, Day(100));
  EXPECT_EQ(world.evaluation.tcb_shortfall, "TDX module SVN 3 is below 5");
}

// What runs by now does not mend a guest that was started on something older.
TEST(EvaluateTcb, AdviceOfARelaunchIsAboutTheLaunchAlone) {
  World world = GoodWorld();
  world.info.tdx_module_identities[0].levels = {IsvLevel(5, kUpToDate, 300),
                                                IsvLevel(4, kOutOfDate, 200),
                                                IsvLevel(3, kOutOfDate, 100)};
  world.report().tee_tcb_svn = {3, 1};
  world.report().tee_tcb_svn2 = attest::ByteArray<16>{4, 1};
  ASSERT_TRUE(Evaluate(world));
  EXPECT_EQ(world.evaluation.tcb->status, kOutOfDate);
  EXPECT_EQ(world.evaluation.tcb_shortfall, "TDX module SVN 3 is below 5");
}

// The module that runs may be newer than the documents: then it is they that
// are behind.
TEST(EvaluateTcb, AnUnknownRunningModuleAsksForNewerDocuments) {
  World world = GoodWorld();
  world.report().tee_tcb_svn2 = attest::ByteArray<16>{1, 9};
  EXPECT_FALSE(Evaluate(world));
  EXPECT_EQ(world.evaluation.failure_class, FailureClass::kTcbNotSupported);
  EXPECT_EQ(world.evaluation.remedy, RemedyOf(FailureClass::kModuleMismatch));
}

// "SVN 8 is below 8" would be no help.
TEST(EvaluateTcb, TellsWhenTheNewestListedLevelIsOutOfDate) {
  World world = GoodWorld();
  world.identity.levels = {IsvLevel(8, kOutOfDate, 300)};
  ASSERT_TRUE(Evaluate(world));
  EXPECT_EQ(world.evaluation.tcb_shortfall,
            "QE SVN 8 is OutOfDate though Intel lists none newer");
}

TEST(EvaluateTcb, JudgesSgxWithoutModule) {
  World world = GoodWorld();
  world.info.tee = world.identity.tee = attest::Tee::kSgx;
  world.info.tdx_module_identities.clear();
  world.evaluation.quote.body = attest::SgxReport{};
  ASSERT_TRUE(Evaluate(world));
  EXPECT_EQ(world.evaluation.tcb->status, kUpToDate);
  EXPECT_EQ(world.evaluation.tcb->module_status, std::nullopt);
}

struct UnsupportedCase {
  std::string check;
  std::string found;
  std::function<void(World&)> change;
};

TEST(EvaluateTcb, RefusesWhatIntelDoesNotSupport) {
  const std::vector<UnsupportedCase> cases = {
      {"QE TCB level", "SVN 5: below every level that Intel supports",
       [](World& w) { w.evaluation.quote.qe_report.isv_svn = 5; }},
      {"TDX module TCB level", "SVN 2: below every level that Intel supports",
       [](World& w) {
         w.report().tee_tcb_svn = {2, 1};
       }},
      {"platform TCB level", "none; for the lowest, PCE SVN 10 is below 11",
       [](World& w) { w.evaluation.platform.pce_svn = 10; }},
      {"running TDX module TCB level",
       "SVN 2: below every level that Intel supports",
       [](World& w) {
         w.report().tee_tcb_svn2 = attest::ByteArray<16>{2, 1};
       }},
      {"running TDX module version", "TDX_02",
       [](World& w) {
         w.report().tee_tcb_svn2 = attest::ByteArray<16>{5, 2};
       }},
      {"running platform TCB level",
       "none; for the lowest, TDX TCB component 3 (OS, TDX late microcode "
       "update) SVN 0 is below 4",
       [](World& w) {
         for (PlatformTcbLevel& level : w.info.levels) {
           level.tdx_components[2] = 4;
         }
         w.report().tee_tcb_svn[2] = 4;
         w.report().tee_tcb_svn2 = attest::ByteArray<16>{5, 1};
       }},
  };
  for (const UnsupportedCase& row : cases) {
    World world = GoodWorld();
    row.change(world);
    EXPECT_FALSE(Evaluate(world)) << row.check;
    EXPECT_EQ(world.evaluation.failure_class, FailureClass::kTcbNotSupported);
    EXPECT_EQ(world.evaluation.reason, Reason::kTcbOutOfDate);
    ASSERT_FALSE(world.evaluation.checks.empty());
    EXPECT_EQ(world.evaluation.checks.back().name, row.check);
    EXPECT_EQ(world.evaluation.checks.back().actual, row.found);
    EXPECT_FALSE(world.evaluation.tcb.has_value());
    EXPECT_FALSE(world.evaluation.remedy.empty());
  }
}

}  // namespace
}  // namespace tdxvfs::verify
