// SPDX-License-Identifier: Apache-2.0
#include "cli/text_table.h"

#include <gtest/gtest.h>

namespace tdxvfs::cli {
namespace {

TEST(TextTable, AlignsColumnsAndTrimsLines) {
  EXPECT_EQ(TextTable({"A", "LONGER", "C"})
                .Row({"value", "x", ""})
                .Row({"v", "", "end"})
                .Text(),
            "A      LONGER  C\n"
            "value  x\n"
            "v              end\n");
}

TEST(TextTable, KeepsControlCharactersOffTheTerminal) {
  EXPECT_EQ(TextTable().Row({"a\x1b[31m", "b\nc"}).Text(),
            "a\\x1b[31m  b\\x0ac\n");
}

}  // namespace
}  // namespace tdxvfs::cli
