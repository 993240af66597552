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

TEST(CheckAdvice, WhatWasFoundChangesWhatToDo) {
  const auto to_do = [](const std::string& name, const std::string& actual) {
    return std::string(
        AdviceFor(attest::Check{name, "other", actual, false, "policy"}).to_do);
  };
  EXPECT_THAT(to_do("tcb status", "UpToDate"), HasSubstr("add UpToDate"));
  EXPECT_THAT(to_do("tcb status", "OutOfDate"), HasSubstr("quoting enclave"));
  EXPECT_THAT(to_do("tcb status", "Revoked"),
              HasSubstr("no policy can accept"));
  EXPECT_THAT(to_do("tcb status", "SWHardeningNeeded"),
              HasSubstr("harden the guest"));
  EXPECT_THAT(to_do("tcb date", "2024-01-01"), HasSubstr("minimum_tcb_date"));
  EXPECT_THAT(to_do("event kernel", "the guest sent no event log"),
              HasSubstr("keep an event log"));
  EXPECT_THAT(to_do("event kernel", "aa"), HasSubstr("compute the new value"));
  EXPECT_THAT(to_do("platform ppid", "not known without collateral"),
              HasSubstr("keyserver.toml"));
}

TEST(CheckAdvice, WhatIsNotKnownIsPartOfTheProof) {
  EXPECT_EQ(AdviceFor("QE report signature").to_do, "");
}

}  // namespace
}  // namespace tdxvfs::cli
