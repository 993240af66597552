// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/platform_level.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tdxvfs::verify {
namespace {

using attest::TcbStatus;

// Two levels: the newest and one a year older.
std::vector<PlatformTcbLevel> TwoLevels() {
  PlatformTcbLevel newest;
  newest.sgx_components = {7, 7, 2, 2, 3, 1, 0, 5};
  newest.pce_svn = 13;
  newest.tdx_components = {5, 0, 6};
  newest.outcome.status = TcbStatus::kUpToDate;
  PlatformTcbLevel older = newest;
  older.sgx_components[0] = 6;
  older.pce_svn = 11;
  older.tdx_components = {3, 0, 5};
  older.outcome.status = TcbStatus::kOutOfDate;
  return {newest, older};
}

// A platform that reaches the newest level exactly.
PlatformSvns NewestTd() {
  PlatformSvns svns;
  svns.sgx_components = TwoLevels().front().sgx_components;
  svns.pce_svn = 13;
  svns.tee_tcb_svn = attest::ByteArray<16>{5, 0, 6};
  return svns;
}

struct LevelCase {
  std::string name;
  std::function<void(PlatformSvns&)> change;
  int level;  // index into TwoLevels(); -1: none
};

std::vector<LevelCase> LevelCases() {
  return {
      {"exactly the newest", [](PlatformSvns&) {}, 0},
      {"everything higher",
       [](PlatformSvns& s) {
         s.sgx_components.fill(255);
         s.pce_svn = 65535;
         s.tee_tcb_svn->fill(255);
       },
       0},
      {"one SGX component below",
       [](PlatformSvns& s) { --s.sgx_components[0]; }, 1},
      {"one SGX component below both",
       [](PlatformSvns& s) { --s.sgx_components[7]; }, -1},
      {"higher in one does not make up for lower in another",
       [](PlatformSvns& s) {
         s.sgx_components[0] = 255;
         --s.sgx_components[1];
       },
       -1},
      {"PCE SVN one below", [](PlatformSvns& s) { s.pce_svn = 12; }, 1},
      {"PCE SVN below both", [](PlatformSvns& s) { s.pce_svn = 10; }, -1},
      {"TDX component one below",
       [](PlatformSvns& s) { --(*s.tee_tcb_svn)[2]; }, 1},
      {"module without version and an old SVN",
       [](PlatformSvns& s) { (*s.tee_tcb_svn)[0] = 4; }, 1},
      {"module without version below both",
       [](PlatformSvns& s) { (*s.tee_tcb_svn)[0] = 2; }, -1},
      {"components 0 and 1 do not count for a versioned module",
       [](PlatformSvns& s) {
         (*s.tee_tcb_svn)[0] = 0;
         (*s.tee_tcb_svn)[1] = 1;
       },
       0},
      {"TDX components do not count for SGX",
       [](PlatformSvns& s) { s.tee_tcb_svn.reset(); }, 0},
  };
}

TEST(FindPlatformLevel, TakesTheFirstLevelThatNothingFallsShortOf) {
  const auto levels = TwoLevels();
  for (const LevelCase& row : LevelCases()) {
    PlatformSvns svns = NewestTd();
    row.change(svns);
    const PlatformTcbLevel* found = FindPlatformLevel(levels, svns);
    const PlatformTcbLevel* expected =
        row.level < 0 ? nullptr
                      : &levels.at(static_cast<std::size_t>(row.level));
    EXPECT_EQ(found, expected) << row.name;
  }
}

// Its SVN and its major version are judged by the levels of its own.
TEST(FindPlatformLevel, LeavesTheFirstTwoComponentsOfAVersionedModuleOut) {
  std::vector<PlatformTcbLevel> levels = TwoLevels();
  levels[0].tdx_components = {5, 7, 6};
  PlatformSvns svns = NewestTd();
  svns.tee_tcb_svn = attest::ByteArray<16>{0, 1, 6};
  EXPECT_EQ(FindPlatformLevel(levels, svns), &levels[0]);
  svns.tee_tcb_svn = attest::ByteArray<16>{5, 0, 6};
  EXPECT_EQ(FindPlatformLevel(levels, svns), &levels[1]);
}

TEST(FindPlatformLevel, FindsNothingInNoLevels) {
  EXPECT_EQ(FindPlatformLevel({}, NewestTd()), nullptr);
}

TEST(ShortfallsOf, NamesEveryNumberThatIsTooLow) {
  PlatformSvns svns = NewestTd();
  EXPECT_TRUE(ShortfallsOf(TwoLevels().front(), svns).empty());
  svns.sgx_components[1] = 5;
  svns.pce_svn = 11;
  (*svns.tee_tcb_svn)[2] = 5;
  const auto shortfalls = ShortfallsOf(TwoLevels().front(), svns);
  EXPECT_EQ(JoinTexts(shortfalls),
            "SGX TCB component 2 (OS, SGX late microcode update) SVN 5 is "
            "below 7; PCE SVN 11 is below 13; TDX TCB component 3 (OS, TDX "
            "late microcode update) SVN 5 is below 6");
}

TEST(ShortfallsOf, TellsEachRemedyOnce) {
  PlatformSvns svns = NewestTd();
  svns.sgx_components[1] = 5;
  (*svns.tee_tcb_svn)[2] = 5;
  const auto shortfalls = ShortfallsOf(TwoLevels().front(), svns);
  ASSERT_EQ(shortfalls.size(), 2U);
  EXPECT_EQ(JoinRemedies(shortfalls), "let the host load newer CPU microcode");
}

TEST(ShortfallsOf, AgreesWithFindPlatformLevel) {
  const auto levels = TwoLevels();
  for (const LevelCase& row : LevelCases()) {
    PlatformSvns svns = NewestTd();
    row.change(svns);
    EXPECT_EQ(ShortfallsOf(levels.front(), svns).empty(), row.level == 0)
        << row.name;
  }
}

}  // namespace
}  // namespace tdxvfs::verify
