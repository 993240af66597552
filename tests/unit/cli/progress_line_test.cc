// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_line.h"

#include <sstream>

#include <gtest/gtest.h>

namespace tdxvfs::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kMebibyte = 1048576;

TEST(ProgressText, SaysShareRateAndTimeLeft) {
  EXPECT_EQ(ProgressText(250 * kMebibyte, 1000 * kMebibyte, milliseconds(2500)),
            "25 % of 1000 MiB, 100 MiB/s, 8 s left");
}

TEST(ProgressText, LongTimesAreInMinutesAndHours) {
  EXPECT_EQ(ProgressText(kMebibyte, 101 * kMebibyte, milliseconds(1000)),
            "0 % of 101 MiB, 1 MiB/s, 1 min 41 s left");
  EXPECT_EQ(ProgressText(kMebibyte, 8001 * kMebibyte, milliseconds(1000)),
            "0 % of 8001 MiB, 1 MiB/s, 2 h 13 min left");
}

TEST(ProgressText, WithoutATotalThereIsNoTimeLeft) {
  EXPECT_EQ(ProgressText(250 * kMebibyte, 0, milliseconds(2500)),
            "250 MiB, 100 MiB/s");
}

TEST(ProgressText, SaysNoRateBeforeTimeHasPassed) {
  EXPECT_EQ(ProgressText(0, kMebibyte, milliseconds(0)), "0 % of 1 MiB");
  EXPECT_EQ(ProgressText(kMebibyte, kMebibyte, milliseconds(0)),
            "100 % of 1 MiB");
}

// The first file may be of two bytes: "3125 h left".
TEST(ProgressText, SaysNoRateOfNearlyNothing) {
  EXPECT_EQ(ProgressText(2, 1000 * kMebibyte, milliseconds(500)),
            "0 % of 1000 MiB");
  EXPECT_EQ(ProgressText(kMebibyte, 1000 * kMebibyte, milliseconds(1)),
            "0 % of 1000 MiB");
}

TEST(FitProgress, CutsWhatIsDoneBeforeHowFarItIs) {
  EXPECT_EQ(FitProgress("packing 'model'", "5 % of 9 MiB", 0),
            "packing 'model': 5 % of 9 MiB");
  EXPECT_EQ(FitProgress("packing 'model'", "5 % of 9 MiB", 30),
            "packing 'model': 5 % of 9 MiB");
  EXPECT_EQ(FitProgress("packing 'model'", "5 % of 9 MiB", 29),
            "packing 'mo...: 5 % of 9 MiB");
  EXPECT_EQ(FitProgress("packing 'model'", "5 % of 9 MiB", 19),
            "p...: 5 % of 9 MiB");
  EXPECT_EQ(FitProgress("packing 'model'", "5 % of 9 MiB", 18), "5 % of 9 MiB");
  EXPECT_EQ(FitProgress("packing 'model'", "5 % of 9 MiB", 5), "5 % ");
}

TEST(ProgressLine, IsSilentWithoutATerminal) {
  std::ostringstream out;
  std::ostringstream err;
  const Console console{.out = out, .err = err, .progress = false};
  ProgressLine(console, "packing").Show(1, 2);
  EXPECT_EQ(err.str(), "");
}

TEST(ProgressLine, LeavesAnEmptyLine) {
  std::ostringstream out;
  std::ostringstream err;
  const Console console{.out = out, .err = err, .progress = true};
  ProgressLine(console, "packing").Show(1, 2);
  EXPECT_NE(err.str().find("packing: 50 % of 0 MiB"), std::string::npos);
  EXPECT_TRUE(err.str().ends_with("\r\x1b[K"));
}

}  // namespace
}  // namespace tdxvfs::cli
