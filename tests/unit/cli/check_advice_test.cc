// SPDX-License-Identifier: Apache-2.0
#include "cli/check_advice.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tdxvfs::cli {
namespace {

using ::testing::HasSubstr;

TEST(CheckAdvice, AModuleThatIntelDoesNotListIsNotOneThatIsBehind) {
  for (const std::string when : {"", "running "}) {
    EXPECT_THAT(AdviceFor(when + "TDX module version").to_do,
                HasSubstr("newer collateral"));
    EXPECT_THAT(AdviceFor(when + "TDX module TCB level").to_do,
                HasSubstr("update the host"));
  }
}

TEST(CheckAdvice, AQuotingEnclaveIsUpdatedWithItsPackages) {
  EXPECT_THAT(AdviceFor("QE TCB level").to_do, HasSubstr("DCAP"));
}

TEST(CheckAdvice, WhatIsNotKnownIsPartOfTheProof) {
  EXPECT_EQ(AdviceFor("QE report signature").to_do, "");
}

}  // namespace
}  // namespace tdxvfs::cli
