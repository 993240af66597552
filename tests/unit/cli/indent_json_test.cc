// SPDX-License-Identifier: Apache-2.0
#include "cli/indent_json.h"

#include <gtest/gtest.h>

namespace tdxvfs::cli {
namespace {

TEST(IndentJson, BreaksLinesOutsideOfStringsOnly) {
  EXPECT_EQ(IndentJson(R"({"a":["x,{}:[\"]"],"b":{"c":1}})"),
            "{\n"
            "  \"a\": [\n"
            "    \"x,{}:[\\\"]\"\n"
            "  ],\n"
            "  \"b\": {\n"
            "    \"c\": 1\n"
            "  }\n"
            "}\n");
}

}  // namespace
}  // namespace tdxvfs::cli
