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

// A policy has bits and values, no names of them.
TEST(CheckAdvice, SaysWhichMemberOfThePolicyAllowsAnother) {
  EXPECT_THAT(AdviceFor("td_attributes PERFMON").to_do,
              HasSubstr("\"td_attributes\""));
  EXPECT_THAT(AdviceFor("xfam PT").to_do, HasSubstr("\"xfam\""));
  EXPECT_THAT(AdviceFor("mr_owner").to_do, HasSubstr("add the value"));
  EXPECT_THAT(AdviceFor("rtmr0").to_do, HasSubstr("do not trust"));
}

// Their remedy stands in the verdict; what they are about must not need
// Intel's documents.
TEST(CheckAdvice, EveryCheckOfTheProofIsToldInWords) {
  for (const std::string name :
       {"files to judge", "quote format", "certification data", "PCK chain",
        "PCK certificate for this PCEID", "PCK chain dates",
        "QE report signature", "attestation key binding", "QE debug flag",
        "attestation key", "quote signature", "TCB info for this FMSPC",
        "QE identity for this TEE", "QE MRSIGNER", "QE ATTRIBUTES",
        "MRSIGNERSEAM", "SEAMATTRIBUTES by TCB info", "SEAMATTRIBUTES",
        "TCB status"}) {
    EXPECT_EQ(AdviceFor(name).to_do, "") << name;
    EXPECT_NE(AdviceFor(name).about, AdviceFor("something else").about) << name;
  }
  for (const std::string name :
       {"collateral signatures", "collateral dates", "revocation",
        "QE TCB level", "TDX module version", "TDX module TCB level",
        "platform TCB level", "running platform TCB level"}) {
    EXPECT_NE(AdviceFor(name).about, AdviceFor("something else").about) << name;
  }
}

TEST(CheckAdvice, WhatIsNotKnownIsPartOfTheProof) {
  EXPECT_EQ(AdviceFor("a check to come").to_do, "");
}

}  // namespace
}  // namespace tdxvfs::cli
