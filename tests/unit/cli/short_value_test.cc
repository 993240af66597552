// SPDX-License-Identifier: Apache-2.0
#include "cli/short_value.h"

#include <string>

#include <gtest/gtest.h>

namespace tdxvfs::cli {
namespace {

const std::string kMeasurement =
    std::string(8, '1') + std::string(80, '2') + std::string(8, '3');

TEST(ShortValue, LongHexIsItsTwoEnds) {
  EXPECT_EQ(ShortValue(kMeasurement), "11111111..33333333");
  EXPECT_EQ(ShortValue("one of " + kMeasurement + " " + kMeasurement),
            "one of 11111111..33333333 11111111..33333333");
  EXPECT_EQ(ShortValue("0000001000000000"), "0000001000000000");
}

TEST(ShortValue, WhatStandsBehindHexIsKept) {
  EXPECT_EQ(ShortValue(kMeasurement + ", differs in: kernel command line"),
            "11111111..33333333, differs in: kernel command line");
}

TEST(ShortValue, LongTextIsItsBeginning) {
  EXPECT_EQ(ShortValue(std::string(70, 'x')), std::string(60, 'x') + "...");
}

}  // namespace
}  // namespace tdxvfs::cli
