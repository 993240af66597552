// SPDX-License-Identifier: Apache-2.0
// Quotes that name their PCK certificate instead of carrying the chain.
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attest/verify/given_pck_chain.h"
#include "attest/verify/verify_quote.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::verify {
namespace {

using U16s = std::initializer_list<std::uint16_t>;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::GoodAnchor;
using ::tdxvfs::testing::GoodPki;
using ::tdxvfs::testing::kVectorTime;
using ::testing::HasSubstr;

simulator::QuoteParts NamingParts(std::uint16_t type,
                                  attest::Tee tee = attest::Tee::kTdx) {
  const auto signer =
      simulator::QuoteSigner::Create(GoodPki(), tee, type).value();
  return tee == attest::Tee::kTdx
             ? signer.Parts(4, simulator::GoodTdReport()).value()
             : signer.Parts(3, simulator::GoodSgxReport()).value();
}

Result<Evaluation> VerifyWithSource(const simulator::QuoteParts& parts,
                                    PckChainSource* source) {
  ASSIGN_OR_RETURN(attest::Quote quote, attest::ParseQuote(parts.Assemble()));
  return VerifyQuote(std::move(quote),
                     {GoodAnchor(), kVectorTime, nullptr, source});
}

GivenPckChain GivenGoodChain() {
  return GivenPckChain(GoodPki().ChainPem().value());
}

TEST(NamedChain, IsLookedUpForEveryTypeThatNamesOne) {
  GivenPckChain chain = GivenGoodChain();
  for (const std::uint16_t type : U16s{1, 2, 3}) {
    for (const attest::Tee tee : {attest::Tee::kTdx, attest::Tee::kSgx}) {
      ASSERT_OK_AND_ASSIGN(const Evaluation evaluation,
                           VerifyWithSource(NamingParts(type, tee), &chain));
      EXPECT_TRUE(evaluation.genuine) << type << evaluation.failure;
      EXPECT_EQ(evaluation.checks.size(), type == 1 ? 11U : 10U);
    }
  }
}

TEST(NamedChain, IsRefusedWhereNobodyLooksItUp) {
  for (const std::uint16_t type : U16s{1, 2, 3}) {
    ASSERT_OK_AND_ASSIGN(const Evaluation evaluation,
                         VerifyWithSource(NamingParts(type), nullptr));
    EXPECT_FALSE(evaluation.genuine);
    EXPECT_EQ(evaluation.failure_class, FailureClass::kUnsupported);
    EXPECT_THAT(evaluation.failure,
                HasSubstr("no PCK chain in quote (certification data type " +
                          std::to_string(type)));
    EXPECT_THAT(evaluation.remedy, HasSubstr("PCCS"));
  }
}

struct NamedChainRow {
  const char* name;
  std::uint16_t type;
  std::function<void(simulator::QuoteParts&)> change;
  FailureClass failure;
  const char* check;
};

// The certification data's fields, from its end.
void Set(simulator::QuoteParts& parts, std::size_t from_end, int step) {
  auto& byte =
      parts.certification_data.at(parts.certification_data.size() - from_end);
  byte = static_cast<std::uint8_t>(byte + step);
}

class NamedChainMutants : public ::testing::TestWithParam<NamedChainRow> {};

TEST_P(NamedChainMutants, AreRefused) {
  GivenPckChain chain = GivenGoodChain();
  simulator::QuoteParts parts = NamingParts(GetParam().type);
  GetParam().change(parts);
  ASSERT_OK_AND_ASSIGN(const Evaluation evaluation,
                       VerifyWithSource(parts, &chain));
  EXPECT_FALSE(evaluation.genuine);
  EXPECT_EQ(evaluation.failure_class, GetParam().failure);
  EXPECT_EQ(evaluation.checks.back().name, GetParam().check);
}

using Parts = simulator::QuoteParts;

INSTANTIATE_TEST_SUITE_P(
    NamedChain, NamedChainMutants,
    ::testing::Values(
        NamedChainRow{"OtherPceId", 3, [](Parts& p) { Set(p, 1, 1); },
                      FailureClass::kPckChain,
                      "PCK certificate for this PCEID"},
        NamedChainRow{"PceSvnOneBelow", 3, [](Parts& p) { Set(p, 4, -1); },
                      FailureClass::kPckChain,
                      "PCK certificate for this PCESVN"},
        NamedChainRow{"FirstCpuSvnOneBelow", 3,
                      [](Parts& p) { Set(p, 20, -1); }, FailureClass::kPckChain,
                      "PCK certificate for this CPUSVN"},
        NamedChainRow{"EighthCpuSvnOneBelow", 2,
                      [](Parts& p) { Set(p, 13, -1); }, FailureClass::kPckChain,
                      "PCK certificate for this CPUSVN"},
        NamedChainRow{"OtherPpid", 1, [](Parts& p) { Set(p, 36, 1); },
                      FailureClass::kPckChain, "PCK certificate for this PPID"},
        NamedChainRow{"OneByteMore", 3,
                      [](Parts& p) { p.certification_data.push_back(0); },
                      FailureClass::kUnsupported, "certification data"},
        NamedChainRow{"OneByteLess", 1,
                      [](Parts& p) { p.certification_data.pop_back(); },
                      FailureClass::kUnsupported, "certification data"},
        NamedChainRow{"LeafOnly", 3, [](Parts& p) { p.certification_type = 4; },
                      FailureClass::kUnsupported, "certification data"},
        NamedChainRow{"QeReportChanged", 3,
                      [](Parts& p) { p.qe_report[64] ^= 1U; },
                      FailureClass::kQeReportSignature, "QE report signature"},
        NamedChainRow{"BodyChanged", 3, [](Parts& p) { p.body[136] ^= 1U; },
                      FailureClass::kQuoteSignature, "quote signature"}),
    [](const auto& row) { return row.param.name; });

// A newer TCB than the certificate's: the platform can still play the older.
TEST(NamedChain, MayBeOfAnOlderTcbOfThePlatform) {
  GivenPckChain chain = GivenGoodChain();
  Parts parts = NamingParts(3);
  Set(parts, 4, 1);
  Set(parts, 20, 1);
  ASSERT_OK_AND_ASSIGN(const Evaluation evaluation,
                       VerifyWithSource(parts, &chain));
  EXPECT_TRUE(evaluation.genuine) << evaluation.failure;
}

// Right names and numbers, another platform's key.
TEST(NamedChain, OfAnotherPlatformDidNotSign) {
  const auto other = simulator::Pki::Make(simulator::GoodPkiSpec()).value();
  const auto anchor = TrustAnchor::FromPem(other.RootPem().value()).value();
  GivenPckChain chain(other.ChainPem().value());
  auto quote = attest::ParseQuote(NamingParts(3).Assemble()).value();
  ASSERT_OK_AND_ASSIGN(
      const Evaluation evaluation,
      VerifyQuote(std::move(quote), {anchor, kVectorTime, nullptr, &chain}));
  EXPECT_EQ(evaluation.failure_class, FailureClass::kQeReportSignature);
}

TEST(NamedChain, IsBelievedNoMoreThanOneInAQuote) {
  struct Bad {
    std::string pem;
    FailureClass failure;
  };
  const auto other = simulator::Pki::Make(simulator::GoodPkiSpec()).value();
  for (const Bad& bad :
       {Bad{"", FailureClass::kPckChain}, Bad{"none", FailureClass::kPckChain},
        Bad{GoodPki().PckCaChainPem().value(), FailureClass::kPckChain},
        Bad{other.ChainPem().value(), FailureClass::kUntrustedRoot}}) {
    GivenPckChain chain(bad.pem);
    ASSERT_OK_AND_ASSIGN(const Evaluation evaluation,
                         VerifyWithSource(NamingParts(3), &chain));
    EXPECT_EQ(evaluation.failure_class, bad.failure) << evaluation.failure;
  }
}

class NoChain : public PckChainSource {
 public:
  Result<std::string> Find(const attest::PckCertId& /*id*/) override {
    return Error(Reason::kCollateralUnavailable, "no PCK chain");
  }
};

TEST(NamedChain, ThatCannotBeHadIsNoVerdict) {
  NoChain none;
  EXPECT_THAT(VerifyWithSource(NamingParts(3), &none),
              Fails(Reason::kCollateralUnavailable));
}

// The source is for quotes without a chain only.
TEST(NamedChain, IsNotAskedForWhereTheQuoteHasOne) {
  NoChain none;
  ASSERT_OK_AND_ASSIGN(const Evaluation evaluation,
                       VerifyWithSource(testing::GoodParts(), &none));
  EXPECT_TRUE(evaluation.genuine);
}

}  // namespace
}  // namespace tdxvfs::verify
