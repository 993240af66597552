// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/crl.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attest/verify/pem_chain.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::verify {
namespace {

using simulator::Bytes;
using simulator::CrlSpec;
using testing::Fails;
using testing::GoodPki;
using ::testing::HasSubstr;

CrlSpec GoodSpec() { return testing::GoodCollateral().pck_crl; }

Bytes Make(const CrlSpec& spec) {
  return simulator::MakeCrl(
             spec, {GoodPki().intermediate(), GoodPki().intermediate_key()})
      .value();
}

Certificate Read(X509* certificate) {
  const std::string pem = simulator::ToPem(certificate).value();
  return ParseCertificate(SplitWholeChain(pem, 1).value().front()).value();
}

Result<Crl> Verify(const Bytes& der) {
  static const Certificate issuer = Read(GoodPki().intermediate());
  return VerifyCrl(der, issuer);
}

TEST(Crl, TellsItsDatesAndWhatItRevokes) {
  CrlSpec spec = GoodSpec();
  const Bytes leaf = simulator::SerialOf(GoodPki().leaf()).value();
  spec.revoked = {{{0x80, 0x01}}, {leaf, false}, {{0x01}}};
  ASSERT_OK_AND_ASSIGN(const Crl crl, Verify(Make(spec)));
  EXPECT_EQ(crl.this_update, spec.this_update);
  EXPECT_EQ(crl.next_update, *spec.next_update);
  EXPECT_EQ(crl.revoked.size(), 3U);
  EXPECT_TRUE(IsRevoked(crl.revoked, leaf));
  EXPECT_TRUE(IsRevoked(crl.revoked, {0x80, 0x01}));
  EXPECT_FALSE(IsRevoked(crl.revoked, {0x80}));
  EXPECT_FALSE(IsRevoked(crl.revoked, {0x80, 0x02}));
  EXPECT_EQ(Read(GoodPki().leaf()).serial, leaf);
}

// The serial numbers behind it would be another CA's.
TEST(Crl, RefusesAnEntryOfAnotherIssuer) {
  CrlSpec spec = GoodSpec();
  spec.revoked = {{.serial = {0x09}, .other_issuer = true}};
  const auto crl = Verify(Make(spec));
  ASSERT_THAT(crl, Fails(Reason::kQuoteInvalid));
  EXPECT_THAT(crl.error().message(), HasSubstr("critical extension"));
}

TEST(Crl, AnEmptyOneRevokesNothing) {
  ASSERT_OK_AND_ASSIGN(const Crl crl, Verify(Make(GoodSpec())));
  EXPECT_TRUE(crl.revoked.empty());
}

TEST(Crl, RefusesOneWrongThing) {
  struct WrongCrl {
    std::function<void(CrlSpec&)> change;
    std::string named;
  };
  const std::vector<WrongCrl> rows = {
      {[](CrlSpec& s) { s.next_update.reset(); }, "nextUpdate"},
      {[](CrlSpec& s) { s.number.reset(); }, "CRL number"},
      {[](CrlSpec& s) { s.authority_key_id = false; }, "authority key"},
      {[](CrlSpec& s) { s.version = 0; }, ""},
      {[](CrlSpec& s) { s.sha384 = true; }, "ecdsa-with-SHA256"},
      {[](CrlSpec& s) { s.issuer_name = "Intel SGX PCK Processor CA"; },
       "issuer name"},
      {[](CrlSpec& s) { s.delta = true; }, "complete"},
      {[](CrlSpec& s) { s.distribution_point = true; }, "complete"},
      {[](CrlSpec& s) { s.unknown_critical_extension = true; }, "critical"},
      {[](CrlSpec& s) { s.signature_flipped = true; }, "signature"},
      {[](CrlSpec& s) { s.tail = {0}; }, "after the last value"}};
  for (const WrongCrl& row : rows) {
    CrlSpec spec = GoodSpec();
    row.change(spec);
    const auto verified = Verify(Make(spec));
    ASSERT_THAT(verified, Fails(Reason::kQuoteInvalid)) << row.named;
    EXPECT_THAT(verified.error().ToString(), HasSubstr(row.named));
  }
}

TEST(Crl, RefusesTheCrlOfAnotherCa) {
  EXPECT_THAT(VerifyCrl(Make(GoodSpec()), Read(GoodPki().root())),
              Fails(Reason::kQuoteInvalid));
  const auto other = testing::MakeChainCase([](simulator::PkiSpec&) {});
  EXPECT_THAT(VerifyCrl(Make(GoodSpec()), Read(other.pki.intermediate())),
              Fails(Reason::kQuoteInvalid));
}

TEST(Crl, RefusesEveryTruncationAndEveryFlippedByte) {
  CrlSpec spec = GoodSpec();
  spec.revoked = {{{0x80, 0x01}}, {{0x01}}};
  const Bytes good = Make(spec);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(Verify(Bytes(good.begin(),
                             good.begin() + static_cast<std::ptrdiff_t>(size))),
                Fails(Reason::kQuoteInvalid))
        << size;
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes flipped = good;
    flipped[i] ^= 1U;
    EXPECT_THAT(Verify(flipped), Fails(Reason::kQuoteInvalid)) << i;
  }
}

TEST(Crl, SaysThatPemAndHexAreNotDer) {
  for (const std::string text :
       {"-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n", "30820123",
        "3081ff", "0x3082"}) {
    const auto verified = Verify(Bytes(text.begin(), text.end()));
    ASSERT_THAT(verified, Fails(Reason::kQuoteInvalid));
    EXPECT_THAT(verified.error().ToString(), HasSubstr("and not DER")) << text;
  }
}

TEST(Crl, RefusesMoreThanItsCap) {
  const auto verified = Verify(Bytes(kMaxCrl + 1, 0x30));
  ASSERT_THAT(verified, Fails(Reason::kQuoteInvalid));
  EXPECT_THAT(verified.error().message(), HasSubstr("more than"));
}

// The signed part's own algorithm, which OpenSSL does not compare.
TEST(Crl, RefusesAnInnerAlgorithmThatDiffers) {
  Bytes der = Make(GoodSpec());
  const Bytes identifier = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
  const auto inner =
      std::search(der.begin(), der.end(), identifier.begin(), identifier.end());
  ASSERT_NE(inner, der.end());
  *(inner + 7) = 0x03;
  const auto verified = Verify(der);
  ASSERT_THAT(verified, Fails(Reason::kQuoteInvalid));
  EXPECT_THAT(verified.error().ToString(), HasSubstr("ecdsa-with-SHA256"));
}

}  // namespace
}  // namespace tdxvfs::verify
