// SPDX-License-Identifier: Apache-2.0
#include "collateral/rollback_memory.h"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::collateral {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TemporaryFolder;

TEST(RollbackMemory, ReadsBackWhatItWrites) {
  const RollbackMemory::Marks marks = {
      {"crl/root",
       {0, std::chrono::system_clock::time_point(std::chrono::seconds(17))}},
      {"tcb-info/tdx-00806f050000-standard",
       {18, std::chrono::system_clock::time_point(
                std::chrono::seconds(1795219200))}}};
  ASSERT_OK_AND_ASSIGN(const auto read, ParseRollbackText(RollbackText(marks)));
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read.at("crl/root").issued, marks.at("crl/root").issued);
  EXPECT_EQ(read.at("tcb-info/tdx-00806f050000-standard").evaluation_number,
            18U);
}

TEST(RollbackMemory, BeginsAnewWithoutAFile) {
  const TemporaryFolder folder;
  EXPECT_THAT(RollbackMemory::Open(folder.path() / "seen.json"), Succeeds());
  EXPECT_THAT(RollbackMemory::Open({}), Succeeds());
}

TEST(RollbackMemory, DoesNotForgetBecauseItsFileIsDamaged) {
  const TemporaryFolder folder;
  for (const std::string text :
       {"", "{}", R"({"version":2,"seen":{}})",
        R"({"version":1,"seen":{"a":{}}})",
        R"({"version":1,"seen":{"a":{"number":-1,"issued":1}}})",
        R"({"version":1,"seen":{"a":{"number":4294967296,"issued":1}}})",
        R"({"version":1,"seen":{"a":{"number":1,"issued":-1}}})",
        R"({"version":1,"seen":{"a":{"number":1,"issued":)"
        "9223372036854775807}}}",
        R"({"version":1,"seen":{"a":{"number":1,"issued":1},"a":)"
        R"({"number":1,"issued":1}}})"}) {
    std::ofstream(folder.path() / "seen.json") << text;
    EXPECT_THAT(RollbackMemory::Open(folder.path() / "seen.json"),
                Fails(Reason::kFileInvalid))
        << text;
  }
}

}  // namespace
}  // namespace tdxvfs::collateral
