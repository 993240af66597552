// SPDX-License-Identifier: Apache-2.0
#include "collateral/set_name.h"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace tdxvfs::collateral {
namespace {

using ::tdxvfs::testing::Fails;

TEST(SetName, ReadsBackWhatItWrites) {
  for (const char* text : {"tdx-00806f050000-platform-standard",
                           "sgx-00906ed50000-processor-early",
                           "tdx-b0c06f000000-processor-standard"}) {
    ASSERT_OK_AND_ASSIGN(const SetName name, SetName::FromText(text));
    EXPECT_EQ(name.ToText(), text);
  }
}

TEST(SetName, ReadsHexOfEitherCase) {
  ASSERT_OK_AND_ASSIGN(const SetName upper,
                       SetName::FromText("tdx-00806F050000-platform-early"));
  EXPECT_EQ(upper.ToText(), "tdx-00806f050000-platform-early");
}

TEST(SetName, RefusesEverythingElse) {
  for (const char* text :
       {"", "-", "---", "tdx-00806f050000-platform",
        "tdx-00806f050000-platform-standard-",
        "TDX-00806f050000-platform-early", "tdx-00806f0500-platform-early",
        "tdx-00806f05000000-platform-early", "tdx-00806f05000g-platform-early",
        "tdx-00806f050000-root-early", "tdx-00806f050000-platform-late",
        "../00806f050000-platform-early"}) {
    EXPECT_THAT(SetName::FromText(text), Fails(Reason::kUsage)) << text;
  }
}

}  // namespace
}  // namespace tdxvfs::collateral
