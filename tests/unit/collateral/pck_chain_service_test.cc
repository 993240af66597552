// SPDX-License-Identifier: Apache-2.0
#include "collateral/pck_chain_service.h"

#include <initializer_list>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/canned_http_server.h"
#include "tests/fakes/fake_clock.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::collateral {
namespace {

using U8s = std::initializer_list<std::uint8_t>;
using std::chrono::hours;
using std::chrono::seconds;
using ::tdxvfs::testing::Fails;
using ::testing::HasSubstr;

const std::string kTarget =
    "/sgx/certification/v4/pckcert?qeid=" + std::string(32, '0') +
    "&cpusvn=01" + std::string(30, '0') + "&pcesvn=0b00&pceid=0000";
const std::string kLeafBegin = "-----BEGIN CERTIFICATE-----\nleaf";
const std::string kChain = kLeafBegin + "\nca root";

class PckChainServiceTest : public ::testing::Test {
 protected:
  PckChainServiceTest() { Answer(); }

  void Answer() {
    server_.AnswerOk(kTarget, "SGX-PCK-Certificate-Issuer-Chain: ca%20root\r\n",
                     kLeafBegin);
  }

  Result<std::string> Find(std::uint8_t svn = 1) {
    attest::PckCertId id;
    id.type = 3;
    id.cpu_svn[0] = svn;
    id.pce_svn[0] = 11;
    return service_.Find(id);
  }

  std::size_t requests() const { return server_.requests().size(); }

  testing::CannedHttpServer server_;
  testing::FakeClock clock_;
  PckChainService service_{
      {.max_chains = 2, .look_ups_a_minute = 3},
      PcsClient::Open({.pccs_url = server_.url(), .ca_file = {}}).value(),
      &clock_};
};

TEST_F(PckChainServiceTest, LooksUpOnceADay) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(const std::string chain, Find());
    EXPECT_EQ(chain, kChain);
  }
  EXPECT_EQ(requests(), 1U);
  clock_.Advance(hours(25));
  ASSERT_OK_AND_ASSIGN(const std::string chain, Find());
  EXPECT_EQ(chain, kChain);
  EXPECT_EQ(requests(), 2U);
}

TEST_F(PckChainServiceTest, RemembersForAMinuteThatThereIsNone) {
  EXPECT_THAT(Find(9), Fails(Reason::kCollateralUnavailable));
  const auto again = Find(9);
  EXPECT_THAT(again, Fails(Reason::kCollateralUnavailable));
  EXPECT_THAT(again.error().ToString(), HasSubstr("404"));
  EXPECT_EQ(requests(), 1U);
  clock_.Advance(seconds(61));
  EXPECT_THAT(Find(9), Fails(Reason::kCollateralUnavailable));
  EXPECT_EQ(requests(), 2U);
}

TEST_F(PckChainServiceTest, A10_StrangersCannotMakeItAskAgainAndAgain) {
  ASSERT_OK_AND_ASSIGN(const std::string chain, Find());
  for (std::uint8_t svn = 2; svn < 100; ++svn) {
    EXPECT_THAT(Find(svn), Fails(Reason::kCollateralUnavailable));
  }
  EXPECT_EQ(requests(), 3U);
  // Who is known is served all the same.
  ASSERT_OK_AND_ASSIGN(const std::string known, Find());
  EXPECT_EQ(known, chain);
  clock_.Advance(seconds(61));
  EXPECT_THAT(Find(100), Fails(Reason::kCollateralUnavailable));
  EXPECT_EQ(requests(), 4U);
}

TEST_F(PckChainServiceTest, TheOldestMakesRoom) {
  for (const char* svn : {"01", "02", "03"}) {
    std::string target = kTarget;
    target.replace(target.find("cpusvn=") + 7, 2, svn);
    server_.AnswerOk(target, "SGX-PCK-Certificate-Issuer-Chain: ca\r\n",
                     kLeafBegin);
  }
  for (const std::uint8_t svn : U8s{1, 2, 3}) {
    EXPECT_THAT(Find(svn), testing::Succeeds());
  }
  clock_.Advance(seconds(61));
  EXPECT_THAT(Find(3), testing::Succeeds());
  EXPECT_EQ(requests(), 3U);
  EXPECT_THAT(Find(1), testing::Succeeds());
  EXPECT_EQ(requests(), 4U);
}

}  // namespace
}  // namespace tdxvfs::collateral
