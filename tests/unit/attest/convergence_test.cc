// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/convergence.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tdxvfs::verify {
namespace {

using attest::TcbStatus;
using attest::TcbStatusName;
using enum attest::TcbStatus;

// A row of the convergence table: the platform's status and what it becomes
// beside components that are all up to date, some out of date, some revoked.
struct Row {
  TcbStatus platform;
  TcbStatus all_up_to_date;
  TcbStatus some_out_of_date;
  TcbStatus some_revoked;
};

constexpr std::array<Row, 7> kTable = {{
    {kUpToDate, kUpToDate, kOutOfDate, kRevoked},
    {kSwHardeningNeeded, kSwHardeningNeeded, kOutOfDate, kRevoked},
    {kConfigurationNeeded, kConfigurationNeeded, kOutOfDateConfigurationNeeded,
     kRevoked},
    {kConfigurationAndSwHardeningNeeded, kConfigurationAndSwHardeningNeeded,
     kOutOfDateConfigurationNeeded, kRevoked},
    {kOutOfDate, kOutOfDate, kOutOfDate, kRevoked},
    {kOutOfDateConfigurationNeeded, kOutOfDateConfigurationNeeded,
     kOutOfDateConfigurationNeeded, kRevoked},
    {kRevoked, kRevoked, kRevoked, kRevoked},
}};

TcbStatus ConvergeWith(TcbStatus platform, std::vector<TcbStatus> components) {
  return Converge(platform, components);
}

TEST(Converge, FollowsTheTableCellByCell) {
  for (const Row& row : kTable) {
    const auto name = TcbStatusName(row.platform);
    EXPECT_EQ(ConvergeWith(row.platform, {kUpToDate}), row.all_up_to_date)
        << name;
    EXPECT_EQ(ConvergeWith(row.platform, {kUpToDate, kUpToDate}),
              row.all_up_to_date)
        << name;
    EXPECT_EQ(ConvergeWith(row.platform, {kOutOfDate}), row.some_out_of_date)
        << name;
    EXPECT_EQ(ConvergeWith(row.platform, {kUpToDate, kOutOfDate}),
              row.some_out_of_date)
        << name;
    EXPECT_EQ(ConvergeWith(row.platform, {kOutOfDate, kUpToDate}),
              row.some_out_of_date)
        << name;
    EXPECT_EQ(ConvergeWith(row.platform, {kRevoked}), row.some_revoked) << name;
    EXPECT_EQ(ConvergeWith(row.platform, {kUpToDate, kRevoked}),
              row.some_revoked)
        << name;
    EXPECT_EQ(ConvergeWith(row.platform, {kRevoked, kOutOfDate}),
              row.some_revoked)
        << name;
  }
}

struct RelaunchRow {
  TcbStatus launch;
  TcbStatus current;
  TcbStatus result;
};

TEST(ConvergeRelaunch, AdvisesARelaunchWhereOnlyTheLaunchWasOutOfDate) {
  constexpr std::array<RelaunchRow, 8> rows = {{
      {kOutOfDate, kUpToDate, kTdRelaunchAdvised},
      {kOutOfDate, kSwHardeningNeeded, kTdRelaunchAdvised},
      {kOutOfDate, kConfigurationNeeded, kTdRelaunchAdvisedConfigurationNeeded},
      {kOutOfDate, kConfigurationAndSwHardeningNeeded,
       kTdRelaunchAdvisedConfigurationNeeded},
      {kOutOfDateConfigurationNeeded, kUpToDate,
       kTdRelaunchAdvisedConfigurationNeeded},
      {kOutOfDateConfigurationNeeded, kSwHardeningNeeded,
       kTdRelaunchAdvisedConfigurationNeeded},
      {kOutOfDateConfigurationNeeded, kConfigurationNeeded,
       kTdRelaunchAdvisedConfigurationNeeded},
      {kOutOfDateConfigurationNeeded, kConfigurationAndSwHardeningNeeded,
       kTdRelaunchAdvisedConfigurationNeeded},
  }};
  for (const RelaunchRow& row : rows) {
    EXPECT_EQ(ConvergeRelaunch(row.launch, row.current), row.result)
        << TcbStatusName(row.launch) << " then " << TcbStatusName(row.current);
  }
}

TEST(ConvergeRelaunch, OtherwiseKeepsTheStatusAtLaunch) {
  constexpr std::array<TcbStatus, 7> all = {kUpToDate,
                                            kSwHardeningNeeded,
                                            kConfigurationNeeded,
                                            kConfigurationAndSwHardeningNeeded,
                                            kOutOfDate,
                                            kOutOfDateConfigurationNeeded,
                                            kRevoked};
  for (const TcbStatus launch : all) {
    for (const TcbStatus current :
         {kOutOfDate, kOutOfDateConfigurationNeeded, kRevoked}) {
      EXPECT_EQ(ConvergeRelaunch(launch, current), launch);
    }
  }
  for (const TcbStatus launch :
       {kUpToDate, kSwHardeningNeeded, kConfigurationNeeded,
        kConfigurationAndSwHardeningNeeded, kRevoked}) {
    for (const TcbStatus current : all) {
      EXPECT_EQ(ConvergeRelaunch(launch, current), launch);
    }
  }
}

TcbLevelOutcome OutcomeOf(int day, std::vector<std::string> advisories) {
  TcbLevelOutcome outcome;
  outcome.date = std::chrono::system_clock::time_point(
      std::chrono::hours(24 * static_cast<long>(day)));
  outcome.advisory_ids = std::move(advisories);
  return outcome;
}

TEST(Converge, TakesTheEarliestDateAndEveryAdvisoryOnce) {
  const TcbLevelOutcome platform =
      OutcomeOf(30, {"INTEL-SA-00837", "INTEL-SA-00615"});
  const TcbLevelOutcome qe = OutcomeOf(10, {"INTEL-SA-00615"});
  const TcbLevelOutcome module = OutcomeOf(20, {});
  const std::array<const TcbLevelOutcome*, 3> all = {&platform, &qe, &module};
  EXPECT_EQ(EarliestDate(all), qe.date);
  EXPECT_EQ(AllAdvisories(all),
            (std::vector<std::string>{"INTEL-SA-00615", "INTEL-SA-00837"}));
}

}  // namespace
}  // namespace tdxvfs::verify
