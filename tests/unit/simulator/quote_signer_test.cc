// SPDX-License-Identifier: Apache-2.0
#include "simulator/quote_signer.h"

#include <initializer_list>

#include <gtest/gtest.h>

#include "attest/quote.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::simulator {
namespace {

using U16s = std::initializer_list<std::uint16_t>;
using testing::Fails;

TEST(QuoteSigner, SignsEnclavesInThreeVersions) {
  const attest::SgxReport report = GoodSgxReport();
  for (const std::uint16_t version : U16s{3, 4, 5}) {
    const Bytes bytes = testing::GoodSgxParts(version).Assemble();
    ASSERT_OK_AND_ASSIGN(const auto quote, attest::ParseQuote(bytes));
    EXPECT_EQ(quote.version, version);
    EXPECT_EQ(quote.tee, attest::Tee::kSgx);
    EXPECT_EQ(quote.qe_svn, version == 3 ? 6 : 0);
    EXPECT_EQ(quote.pce_svn, version == 3 ? 11 : 0);
    const auto* const enclave = std::get_if<attest::SgxReport>(&quote.body);
    ASSERT_NE(enclave, nullptr);
    EXPECT_EQ(enclave->attributes, report.attributes);
    EXPECT_EQ(enclave->mr_enclave, report.mr_enclave);
    EXPECT_EQ(enclave->mr_signer, report.mr_signer);
    EXPECT_EQ(enclave->isv_prod_id, report.isv_prod_id);
    EXPECT_EQ(enclave->isv_svn, report.isv_svn);
    const auto verdict = testing::VerdictOn(bytes);
    EXPECT_TRUE(verdict.genuine) << verdict.failure;
  }
}

TEST(QuoteSigner, MakesNoQuoteOfAnotherVersionOrTee) {
  EXPECT_THAT(testing::GoodSigner().Sign(3, GoodTdReport()),
              Fails(Reason::kUsage));
  EXPECT_THAT(testing::GoodSigner().Sign(6, GoodTdReport()),
              Fails(Reason::kUsage));
  EXPECT_THAT(testing::GoodSgxSigner().Sign(2, GoodSgxReport()),
              Fails(Reason::kUsage));
  EXPECT_THAT(testing::GoodSgxSigner().Sign(4, GoodTdReport()),
              Fails(Reason::kUsage));
  EXPECT_THAT(testing::GoodSigner().Sign(4, GoodSgxReport()),
              Fails(Reason::kUsage));
}

}  // namespace
}  // namespace tdxvfs::simulator
