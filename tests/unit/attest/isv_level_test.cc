// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/isv_level.h"

#include <vector>

#include <gtest/gtest.h>

namespace tdxvfs::verify {
namespace {

using attest::TcbStatus;

std::vector<IsvTcbLevel> ThreeLevels() {
  std::vector<IsvTcbLevel> levels(3);
  levels[0].isv_svn = 8;
  levels[0].outcome.status = TcbStatus::kUpToDate;
  levels[1].isv_svn = 6;
  levels[1].outcome.status = TcbStatus::kOutOfDate;
  levels[2].isv_svn = 4;
  levels[2].outcome.status = TcbStatus::kRevoked;
  return levels;
}

TEST(FindIsvLevel, TakesTheHighestLevelThatIsNotAbove) {
  const auto levels = ThreeLevels();
  EXPECT_EQ(FindIsvLevel(levels, 65535), &levels[0]);
  EXPECT_EQ(FindIsvLevel(levels, 8), &levels[0]);
  EXPECT_EQ(FindIsvLevel(levels, 7), &levels[1]);
  EXPECT_EQ(FindIsvLevel(levels, 6), &levels[1]);
  EXPECT_EQ(FindIsvLevel(levels, 5), &levels[2]);
  EXPECT_EQ(FindIsvLevel(levels, 4), &levels[2]);
  EXPECT_EQ(FindIsvLevel(levels, 3), nullptr);
  EXPECT_EQ(FindIsvLevel({}, 3), nullptr);
}

TEST(CheckIsvLevel, PassesOnAnyLevelAndSaysItsStatus) {
  const attest::Check good = CheckIsvLevel("QE", ThreeLevels(), 9);
  EXPECT_TRUE(good.passed);
  EXPECT_EQ(good.name, "QE TCB level");
  EXPECT_EQ(good.expected, "QE SVN 4 or higher, 8 is the newest");
  EXPECT_EQ(good.actual, "SVN 9: UpToDate");
  const attest::Check old = CheckIsvLevel("QE", ThreeLevels(), 7);
  EXPECT_TRUE(old.passed);
  EXPECT_EQ(old.actual, "SVN 7: OutOfDate, level of 1970-01-01");
}

TEST(CheckIsvLevel, FailsBelowEveryLevel) {
  const attest::Check check = CheckIsvLevel("TDX module", ThreeLevels(), 3);
  EXPECT_FALSE(check.passed);
  EXPECT_EQ(check.actual, "SVN 3: below every level that Intel supports");
  EXPECT_FALSE(CheckIsvLevel("QE", {}, 3).passed);
}

}  // namespace
}  // namespace tdxvfs::verify
