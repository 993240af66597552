// SPDX-License-Identifier: Apache-2.0
#include "collateral/answer_encoding.h"

#include <gtest/gtest.h>

#include "attest/verify/collateral.h"
#include "common/hex.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::collateral {
namespace {

using ::tdxvfs::testing::Fails;

const std::vector<std::uint8_t> kDer = {0x30, 0x03, 0x02, 0x01, 0x05};

TEST(IssuerChain, DecodesPercentSignsAndKeepsPlusAsItIs) {
  ASSERT_OK_AND_ASSIGN(
      const std::string chain,
      DecodeIssuerChain("-----BEGIN%20CERTIFICATE-----%0AMII+a%2Bb%3d%0a"));
  EXPECT_EQ(chain, "-----BEGIN CERTIFICATE-----\nMII+a+b=\n");
}

TEST(IssuerChain, RefusesHalfAnEscape) {
  for (const char* header : {"%", "%4", "a%g0", "%%41", "%-1"}) {
    EXPECT_THAT(DecodeIssuerChain(header), Fails(Reason::kCollateralInvalid))
        << header;
  }
}

TEST(IssuerChain, RefusesMoreThanItsCap) {
  EXPECT_TRUE(
      DecodeIssuerChain(std::string(verify::kMaxIssuerChain, 'a')).has_value());
  EXPECT_THAT(DecodeIssuerChain(std::string(verify::kMaxIssuerChain + 1, 'a')),
              Fails(Reason::kCollateralInvalid));
}

struct GoodCrl {
  const char* name;
  std::string body;
};

class CrlForms : public ::testing::TestWithParam<GoodCrl> {};

TEST_P(CrlForms, ComeOutAsTheSameDer) {
  ASSERT_OK_AND_ASSIGN(const auto der, DecodeCrl(GetParam().body));
  EXPECT_EQ(der, kDer);
}

INSTANTIATE_TEST_SUITE_P(
    Crl, CrlForms,
    ::testing::Values(
        GoodCrl{"Der", std::string(AsText(kDer))}, GoodCrl{"Hex", "3003020105"},
        GoodCrl{"HexWithNewline", "3003020105\n"},
        GoodCrl{"UpperHex", " 3003020105 \r\n"},
        GoodCrl{"Pem",
                "-----BEGIN X509 CRL-----\nMAMCAQU=\n-----END X509 CRL-----\n"},
        GoodCrl{"PemWithCrLf",
                "-----BEGIN X509 CRL-----\r\nMAMCAQU=\r\n-----END X509 "
                "CRL-----\r\n"}),
    [](const auto& row) { return row.param.name; });

TEST(Crl, RefusesEverythingElse) {
  for (const std::string body :
       {"", " ", "303", "30 03", "xx", "<html></html>", "-----BEGIN",
        "-----BEGIN X509 CRL-----", "-----BEGIN X509 CRL----------END X509 CRL",
        "-----BEGIN X509 CRL----------END X509 CRL-----",
        "-----BEGIN X509 CRL-----\n \n-----END X509 CRL-----",
        "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----",
        "-----BEGIN X509 CRL-----\nMAMC*QU=\n-----END X509 CRL-----",
        "-----BEGIN X509 CRL-----\nMAMCAQU=\n-----END X509 CRL-----\nmore"}) {
    EXPECT_THAT(DecodeCrl(body), Fails(Reason::kCollateralInvalid)) << body;
  }
}

TEST(Crl, RefusesMoreThanItsCap) {
  std::string body(verify::kMaxCrl + 1, '\0');
  body[0] = 0x30;
  EXPECT_THAT(DecodeCrl(body), Fails(Reason::kCollateralInvalid));
}

}  // namespace
}  // namespace tdxvfs::collateral
