// SPDX-License-Identifier: Apache-2.0
#include "common/time_left.h"

#include <gtest/gtest.h>

namespace tdxvfs {
namespace {

using namespace std::chrono_literals;

TEST(TimeLeft, CountsInAUnitThatTellsHowMuchItIs) {
  EXPECT_EQ(TimeLeft(240h), "10 days");
  EXPECT_EQ(TimeLeft(240h - 1s), "9 days");
  EXPECT_EQ(TimeLeft(48h), "2 days");
  EXPECT_EQ(TimeLeft(48h - 1s), "47 hours");
  EXPECT_EQ(TimeLeft(2h), "2 hours");
  EXPECT_EQ(TimeLeft(2h - 1s), "119 minutes");
  EXPECT_EQ(TimeLeft(2min), "2 minutes");
  EXPECT_EQ(TimeLeft(2min - 1s), "less than 2 minutes");
  EXPECT_EQ(TimeLeft(0s), "less than 2 minutes");
}

}  // namespace
}  // namespace tdxvfs
