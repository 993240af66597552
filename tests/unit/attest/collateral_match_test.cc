// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/collateral_match.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tdxvfs::verify {
namespace {

struct MatchCase {
  std::string failed;
  std::function<void(PckPlatform&, TcbInfo&)> change;
};

TEST(CheckTcbInfoMatch, FailsForADocumentOfAnotherPlatform) {
  const std::vector<MatchCase> cases = {
      {"", [](PckPlatform&, TcbInfo&) {}},
      {"TCB info for this TEE",
       [](PckPlatform&, TcbInfo& info) { info.tee = attest::Tee::kSgx; }},
      {"TCB info for this FMSPC",
       [](PckPlatform& platform, TcbInfo&) { platform.fmspc[5] = 1; }},
      {"TCB info for this PCEID",
       [](PckPlatform& platform, TcbInfo&) { platform.pce_id[1] = 1; }},
  };
  for (const MatchCase& row : cases) {
    PckPlatform platform;
    TcbInfo info;
    platform.fmspc = info.fmspc = {0x90, 0xc0, 0x6f, 0, 0, 0};
    row.change(platform, info);
    std::string failed;
    for (const attest::Check& check :
         CheckTcbInfoMatch(attest::Tee::kTdx, platform, info)) {
      failed += check.passed ? "" : check.name;
    }
    EXPECT_EQ(failed, row.failed);
  }
}

TEST(CheckQeIdentityMatch, FailsForTheOtherKindOfQuotingEnclave) {
  QeIdentity identity;
  EXPECT_TRUE(CheckQeIdentityMatch(attest::Tee::kTdx, identity).passed);
  const attest::Check check = CheckQeIdentityMatch(attest::Tee::kSgx, identity);
  EXPECT_FALSE(check.passed);
  EXPECT_EQ(check.expected, "QE");
  EXPECT_EQ(check.actual, "TD_QE");
}

}  // namespace
}  // namespace tdxvfs::verify
