// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/verify_quote.h"

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "attest/verify/pem_chain.h"
#include "common/hex.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::verify {
namespace {

using U16s = std::initializer_list<std::uint16_t>;
using simulator::Bytes;
using simulator::QuoteParts;
using testing::GoodAnchor;
using testing::GoodParts;
using testing::GoodPki;
using testing::GoodQuote;
using testing::GoodSigner;
using testing::kVectorTime;
using testing::Verdict;
using testing::VerdictOn;

// The order of the P-256 group, and the prime of its field.
constexpr std::array<std::uint8_t, 32> kOrder = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
    0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
constexpr std::array<std::uint8_t, 32> kPrime = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

TEST(VerifyQuote, AcceptsGoodQuotesOfBothVersions) {
  for (const std::uint16_t version : U16s{4, 5}) {
    const Verdict verdict = VerdictOn(GoodQuote(version));
    EXPECT_TRUE(verdict.genuine) << verdict.failure;
    EXPECT_EQ(verdict.failure_class, "");
  }
}

TEST(VerifyQuote, TellsThePlatformAndEveryCheck) {
  ASSERT_OK_AND_ASSIGN(auto quote, attest::ParseQuote(GoodQuote()));
  ASSERT_OK_AND_ASSIGN(
      const Evaluation evaluation,
      VerifyQuote(std::move(quote), {GoodAnchor(), kVectorTime}));
  const simulator::Platform expected;
  EXPECT_TRUE(evaluation.platform.platform_ca);
  EXPECT_EQ(evaluation.platform.fmspc, expected.fmspc);
  EXPECT_EQ(evaluation.platform.pce_svn, expected.pce_svn);
  EXPECT_EQ(evaluation.platform.ppid, expected.ppid);
  EXPECT_EQ(evaluation.platform.tcb_components, expected.tcb_components);
  EXPECT_EQ(evaluation.platform.cpu_svn, expected.tcb_components);
  ASSERT_EQ(evaluation.checks.size(), 7U);
  for (const auto& check : evaluation.checks) {
    EXPECT_TRUE(check.passed) << check.name;
    EXPECT_FALSE(check.name.empty());
    EXPECT_FALSE(check.expected.empty());
    EXPECT_FALSE(check.actual.empty());
    EXPECT_FALSE(check.source.empty());
  }
}

// Makes a quote whose QE report was changed and signed again by the platform.
void ResignQeReport(QuoteParts& parts) {
  ASSERT_THAT(parts.SignQeReport(GoodPki().leaf_key()), testing::Succeeds());
}

struct LinkCase {
  std::string name;
  std::string failure_class;
  std::function<void(QuoteParts&)> change;
};

void FillHalf(attest::ByteArray<64>& pair, std::size_t half,
              const std::array<std::uint8_t, 32>& value) {
  std::copy(value.begin(), value.end(),
            pair.begin() + static_cast<std::ptrdiff_t>(32 * half));
}

std::vector<LinkCase> SignatureCases() {
  std::vector<LinkCase> cases;
  const std::array<std::uint8_t, 32> zero{};
  std::array<std::uint8_t, 32> ones{};
  ones.fill(0xff);
  for (const std::size_t half : {0U, 1U}) {
    const std::string name = half == 0 ? "R" : "S";
    for (const auto& [word, value] :
         {std::pair{"Zero", zero}, {"Order", kOrder}, {"Ones", ones}}) {
      cases.push_back({name + word + "OfQuote", "quote-signature",
                       [half, value = value](QuoteParts& p) {
                         FillHalf(p.signature, half, value);
                       }});
      cases.push_back({name + word + "OfQeReport", "qe-report-signature",
                       [half, value = value](QuoteParts& p) {
                         FillHalf(p.qe_report_signature, half, value);
                       }});
    }
  }
  cases.push_back({"SwappedHalves", "quote-signature", [](QuoteParts& p) {
                     std::rotate(p.signature.begin(), p.signature.begin() + 32,
                                 p.signature.end());
                   }});
  return cases;
}

// The attacker's key signs the body; `bind`: the QE report names it.
void UseAttackersKey(QuoteParts& p, bool bind) {
  const EvpPkeyPtr key = simulator::MakeKey(simulator::KeyKind::kP256).value();
  const auto qe_report = p.qe_report;
  ASSERT_THAT(p.BindAttestationKey(key.get()), testing::Succeeds());
  if (!bind) {
    p.qe_report = qe_report;
  }
  ASSERT_THAT(p.SignBody(key.get()), testing::Succeeds());
}

// A signed QE report that names the attestation key as it is.
void VouchForKey(QuoteParts& p) {
  Bytes bound(p.attestation_key.begin(), p.attestation_key.end());
  bound.insert(bound.end(), p.authentication_data.begin(),
               p.authentication_data.end());
  const auto digest = Sha256(bound).value();
  std::copy(digest.begin(), digest.end(), p.qe_report.begin() + 320);
  ResignQeReport(p);
}

std::vector<LinkCase> KeyCases() {
  return {{"AttackersKeyWithGenuineQeReport", "qe-report-data",
           [](QuoteParts& p) { UseAttackersKey(p, false); }},
          {"AttackersKeyAndForgedMrTd", "qe-report-data",
           [](QuoteParts& p) {
             p.body[136] ^= 1U;
             UseAttackersKey(p, false);
           }},
          {"AttackersKeyInUnsignedQeReport", "qe-report-signature",
           [](QuoteParts& p) { UseAttackersKey(p, true); }},
          {"ZeroKey", "qe-report-data",
           [](QuoteParts& p) { p.attestation_key.fill(0); }},
          {"KeyNotOnTheCurveThoughVouchedFor", "attestation-key",
           [](QuoteParts& p) {
             ASSERT_THAT(p.BindAttestationKey(GoodSigner().attestation_key()),
                         testing::Succeeds());
             p.attestation_key[63] ^= 1U;
             VouchForKey(p);
           }},
          {"KeyCoordinateIsThePrimeThoughVouchedFor", "attestation-key",
           [](QuoteParts& p) {
             FillHalf(p.attestation_key, 0, kPrime);
             VouchForKey(p);
           }}};
}

std::vector<LinkCase> ReportCases() {
  return {{"AuthenticationDataChanged", "qe-report-data",
           [](QuoteParts& p) { p.authentication_data[0] ^= 1U; }},
          {"QeReportDataTail", "qe-report-data",
           [](QuoteParts& p) {
             p.qe_report[320 + 63] = 1;
             ResignQeReport(p);
           }},
          {"QeInDebugMode", "qe-debug",
           [](QuoteParts& p) {
             p.qe_report[48] |= 2U;
             ResignQeReport(p);
           }},
          {"QeReportSignedByAnotherPlatform", "qe-report-signature",
           [](QuoteParts& p) {
             const auto other =
                 simulator::Pki::Make(simulator::GoodPkiSpec()).value();
             ASSERT_THAT(p.SignQeReport(other.leaf_key()), testing::Succeeds());
           }},
          {"HeaderReserved", "quote-signature",
           [](QuoteParts& p) { p.reserved = 1; }},
          {"HeaderUserData", "quote-signature",
           [](QuoteParts& p) { p.user_data[19] ^= 1U; }},
          {"OneBitOfBody", "quote-signature",
           [](QuoteParts& p) { p.body[0] ^= 1U; }}};
}

TEST(VerifyQuote, EveryBrokenLinkIsRefusedByItsClass) {
  std::vector<LinkCase> cases = SignatureCases();
  for (auto more : {KeyCases(), ReportCases()}) {
    std::move(more.begin(), more.end(), std::back_inserter(cases));
  }
  for (const LinkCase& row : cases) {
    QuoteParts parts = GoodParts();
    row.change(parts);
    const Verdict verdict = VerdictOn(parts.Assemble());
    EXPECT_FALSE(verdict.genuine) << row.name;
    EXPECT_EQ(verdict.failure_class, row.failure_class)
        << row.name << ": " << verdict.failure;
  }
}

TEST(VerifyQuote, CertificationDataOfOtherTypesIsRefusedByName) {
  for (const std::uint16_t type : U16s{1, 2, 3, 4}) {
    QuoteParts parts = GoodParts();
    parts.certification_type = type;
    const Verdict verdict = VerdictOn(parts.Assemble());
    EXPECT_EQ(verdict.failure_class, "unsupported");
    EXPECT_NE(verdict.failure.find("no PCK chain in quote (certification data "
                                   "type " +
                                   std::to_string(type) + ")"),
              std::string::npos)
        << verdict.failure;
  }
}

// Whether flipping this bit of an otherwise good quote is harmless.
bool StillGenuine(const Bytes& good, std::size_t byte, unsigned bit) {
  Bytes changed = good;
  changed[byte] = static_cast<std::uint8_t>(changed[byte] ^ (1U << bit));
  return VerdictOn(changed).genuine;
}

TEST(VerifyQuote, A9_OneFlippedBitInAnyByteBeforeTheChainIsRefused) {
  for (const std::uint16_t version : U16s{4, 5}) {
    const QuoteParts parts = GoodParts(version);
    const Bytes good = parts.Assemble();
    const std::size_t chain = good.size() - parts.certification_data.size();
    for (std::size_t byte = 0; byte < chain; ++byte) {
      ASSERT_FALSE(StillGenuine(good, byte, byte % 8)) << byte;
    }
  }
}

TEST(VerifyQuote, A9_EveryFlippedBitOfMeasurementsIsRefused) {
  const Bytes good = GoodQuote(5);
  for (std::size_t byte = 54; byte < 54 + 648; byte += 24) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      ASSERT_FALSE(StillGenuine(good, byte, bit)) << byte << ":" << bit;
    }
  }
}

// In the chain some changes mean nothing: white space, and the bits of a
// block's last letter that base64 does not use. Whatever is accepted must carry
// the very same certificates.
TEST(VerifyQuote, A9_FlippedBitsInTheChainNeverChangeACertificate) {
  const QuoteParts parts = GoodParts();
  const Bytes good = parts.Assemble();
  const std::size_t chain = good.size() - parts.certification_data.size();
  const auto certificates = [chain](const Bytes& quote) {
    return SplitPemChain(AsText(std::span(quote).subspan(chain)), 3);
  };
  ASSERT_OK_AND_ASSIGN(const std::vector<Der> original, certificates(good));
  int accepted = 0;
  for (std::size_t byte = chain; byte < good.size(); ++byte) {
    if (!StillGenuine(good, byte, byte % 8)) {
      continue;
    }
    Bytes changed = good;
    changed[byte] =
        static_cast<std::uint8_t>(changed[byte] ^ (1U << (byte % 8)));
    ASSERT_OK_AND_ASSIGN(const std::vector<Der> carried, certificates(changed));
    EXPECT_EQ(carried, original) << byte;
    ++accepted;
  }
  EXPECT_LT(accepted, 100);
}

// What is remembered of a quoting enclave spares a signature check, never one
// of another byte.
TEST(VerifyQuote, ARememberedEnclaveVouchesForNoOtherByte) {
  const std::string pem = GoodPki().RootPem().value();
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::FromPem(pem));
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(VerdictOn(GoodQuote(), anchor).genuine);
  }
  QuoteParts parts = GoodParts();
  parts.qe_report_signature[40] ^= 1U;
  EXPECT_EQ(VerdictOn(parts.Assemble(), anchor).failure_class,
            "qe-report-signature");
  parts = GoodParts();
  parts.qe_report[0] ^= 1U;
  EXPECT_EQ(VerdictOn(parts.Assemble(), anchor).failure_class,
            "qe-report-signature");
  parts = GoodParts();
  parts.signature[40] ^= 1U;
  EXPECT_EQ(VerdictOn(parts.Assemble(), anchor).failure_class,
            "quote-signature");
}

// The key is the right one; it is what follows its hash that is not.
TEST(VerifyQuote, MoreThanTheKeysHashIsToldAsSuch) {
  QuoteParts parts = GoodParts();
  parts.qe_report[384 - 1] = 1;
  ASSERT_THAT(parts.SignQeReport(GoodPki().leaf_key()), testing::Succeeds());
  const Verdict verdict = VerdictOn(parts.Assemble());
  EXPECT_EQ(verdict.failure_class, "qe-report-data");
  EXPECT_NE(verdict.failure.find("zeroes"), std::string::npos)
      << verdict.failure;
}

// Another platform's certificate under the same CA, behind an enclave that was
// seen with its own.
TEST(VerifyQuote, ARememberedEnclaveCountsForItsOwnChainOnly) {
  const std::string root = GoodPki().RootPem().value();
  ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::FromPem(root));
  EXPECT_TRUE(VerdictOn(GoodQuote(), anchor).genuine);
  ASSERT_OK_AND_ASSIGN(const EvpPkeyPtr key,
                       simulator::MakeKey(simulator::KeyKind::kP256));
  ASSERT_OK_AND_ASSIGN(
      const X509Ptr leaf,
      simulator::MakeCertificate(
          simulator::GoodPkiSpec().leaf, key.get(),
          {GoodPki().intermediate(), GoodPki().intermediate_key()}));
  ASSERT_OK_AND_ASSIGN(const std::string pem, simulator::ToPem(leaf.get()));
  ASSERT_OK_AND_ASSIGN(const std::string issuers, GoodPki().PckCaChainPem());
  const std::string chain = pem + issuers;
  QuoteParts parts = GoodParts();
  parts.certification_data.assign(chain.begin(), chain.end());
  EXPECT_EQ(VerdictOn(parts.Assemble(), anchor).failure_class,
            "qe-report-signature");
}

TEST(VerifyQuote, RemembersChainsButJudgesTheirDatesEveryTime) {
  using std::chrono::hours;
  const Bytes quote = GoodQuote();
  EXPECT_TRUE(VerdictOn(quote).genuine);
  const Verdict early =
      VerdictOn(quote, GoodAnchor(), kVectorTime - hours(24 * 365 * 20));
  EXPECT_EQ(early.failure_class, "not-yet-valid") << early.failure;
  const Verdict late =
      VerdictOn(quote, GoodAnchor(), kVectorTime + hours(24 * 365 * 40));
  EXPECT_EQ(late.failure_class, "expired") << late.failure;
  EXPECT_TRUE(VerdictOn(quote).genuine);
}

TEST(VerifyQuote, A18_ChainRememberedForOneAnchorCountsForNoOther) {
  const Bytes quote = GoodQuote();
  EXPECT_TRUE(VerdictOn(quote).genuine);
  ASSERT_OK_AND_ASSIGN(const TrustAnchor intel, TrustAnchor::Intel());
  EXPECT_EQ(VerdictOn(quote, intel).failure_class, "untrusted-root");
}

TEST(VerifyQuote, WorksFromManyThreadsAtOnce) {
  const Bytes good = GoodQuote();
  Bytes bad = good;
  bad[100] ^= 1U;
  std::array<int, 4> genuine{};
  std::vector<std::thread> threads;
  threads.reserve(genuine.size());
  for (int& count : genuine) {
    threads.emplace_back([&good, &bad, &count] {
      for (int i = 0; i < 8; ++i) {
        count += VerdictOn(good).genuine ? 1 : 0;
        count += VerdictOn(bad).genuine ? 100 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const int count : genuine) {
    EXPECT_EQ(count, 8);
  }
}

}  // namespace
}  // namespace tdxvfs::verify
