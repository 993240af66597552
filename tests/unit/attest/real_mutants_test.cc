// SPDX-License-Identifier: Apache-2.0
// Two real quotes of one kind of platform, versions 4 and 5, and real
// collateral: each byte changed, parts exchanged, sets mixed.
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "attest/quote.h"
#include "tests/support/quote_builder.h"
#include "tests/support/real_collateral.h"
#include "tests/support/result_matchers.h"
#include "tests/support/test_data.h"

namespace tdxvfs::testing {
namespace {

using simulator::Bytes;
using verify::CollateralDocuments;

constexpr const char* kVersion4 = "quotes/v4-90c06f000000-509f50f8.bin";
constexpr const char* kVersion5 = "quotes/v5-90c06f000000-cf77a6e9.bin";
constexpr const char* kSet = "tdx-v3-90c06f000000-20260316-e18-platform-e96b";
constexpr const char* kTime = "2026-03-31T22:20:07Z";
// Of another FMSPC, fetched on the same day.
constexpr const char* kOtherPlatform =
    "tdx-v3-50806f000000-20260316-e18-platform-8bff";
// Of the same FMSPC, a year and a half month older.
constexpr const char* kOlderSet =
    "tdx-v3-90c06f000000-20250212-e17-platform-8049";
constexpr const char* kSgxSet =
    "sgx-v3-00606a000000-20250606-e19-platform-2ff4";
constexpr const char* kProcessorSet =
    "sgx-v3-00a067110000-20250619-e17-processor-f935";

CollateralDocuments Set(const char* name) {
  return ReadCollateral(TestDataFolder() / "collateral" / name);
}

class RealMutants : public ::testing::Test {
 protected:
  void SetUp() override {
    TDXVFS_NEEDS_TESTDATA();
    anchor_.emplace(verify::TrustAnchor::Intel().value());
    set_ = Set(kSet);
    for (const char* name : {kVersion4, kVersion5}) {
      quotes_.push_back(ReadBytes(TestDataFolder() / name));
      parsed_.push_back(attest::ParseQuote(quotes_.back()).value());
    }
  }

  Verdict Judge(const Bytes& quote, const CollateralDocuments& set) const {
    return VerdictBy(set, quote, *anchor_, TimeFromText(kTime));
  }
  Verdict Judge(const Bytes& quote) const { return Judge(quote, set_); }

  std::optional<verify::TrustAnchor> anchor_;
  CollateralDocuments set_;
  std::vector<Bytes> quotes_;
  std::vector<attest::Quote> parsed_;
};

// Where the parts of the signature section lie.
struct Layout {
  std::size_t signature;
  std::size_t key;
  std::size_t qe_report;
  std::size_t qe_signature;
  std::size_t authentication;
  std::size_t chain;
  std::size_t end;
};

Layout LayoutOf(const attest::Quote& quote) {
  Layout at{};
  at.signature = quote.signed_size + 4;
  at.key = at.signature + 64;
  at.qe_report = at.key + 64 + 6;
  at.qe_signature = at.qe_report + 384;
  at.authentication = at.qe_signature + 64 + 2;
  at.chain = at.authentication + quote.qe_authentication_data.size() + 6;
  at.end = at.chain + quote.certification_data.size();
  return at;
}

TEST_F(RealMutants, StartFromEvidenceThatIsAccepted) {
  for (const Bytes& quote : quotes_) {
    const Verdict verdict = Judge(quote);
    EXPECT_TRUE(verdict.genuine) << verdict.failure;
  }
}

TEST_F(RealMutants, A9_EveryByteBeforeTheChainCounts) {
  for (std::size_t i = 0; i < quotes_.size(); ++i) {
    const Layout at = LayoutOf(parsed_[i]);
    for (std::size_t byte = 0; byte < at.chain; ++byte) {
      Bytes changed = quotes_[i];
      changed[byte] =
          static_cast<std::uint8_t>(changed[byte] ^ (1U << (byte % 8)));
      ASSERT_FALSE(Judge(changed).genuine) << byte;
    }
  }
}

TEST_F(RealMutants, A9_EveryTruncationIsRefused) {
  for (std::size_t i = 0; i < quotes_.size(); ++i) {
    const auto declared = static_cast<std::ptrdiff_t>(parsed_[i].bytes.size());
    for (std::ptrdiff_t size = 0; size < declared; size += 7) {
      const Bytes cut(quotes_[i].begin(), quotes_[i].begin() + size);
      ASSERT_EQ(Judge(cut).failure_class, "format") << size;
    }
  }
}

// The quotes are of two machines: whatever one lends the other does not fit.
TEST_F(RealMutants, A9_PartsOfTheOtherQuoteAreRefused) {
  struct Part {
    std::string name;
    std::size_t Layout::*from;
    std::size_t size;
    std::string failure_class;
  };
  const std::vector<Part> parts = {
      {"Signature", &Layout::signature, 64, "quote-signature"},
      {"Key", &Layout::key, 64, "qe-report-data"},
      {"SignatureAndKey", &Layout::signature, 128, "qe-report-data"},
      {"QeReport", &Layout::qe_report, 384, "qe-report-signature"},
      {"QeSignature", &Layout::qe_signature, 64, "qe-report-signature"},
      {"SignedQeReport", &Layout::qe_report, 448, "qe-report-signature"}};
  for (std::size_t i = 0; i < 2; ++i) {
    const Layout to = LayoutOf(parsed_[i]);
    const Layout from = LayoutOf(parsed_[1 - i]);
    for (const Part& part : parts) {
      Bytes spliced = quotes_[i];
      std::copy_n(
          quotes_[1 - i].begin() +
              static_cast<std::ptrdiff_t>(from.*(part.from)),
          part.size,
          spliced.begin() + static_cast<std::ptrdiff_t>(to.*(part.from)));
      const Verdict verdict = Judge(spliced);
      EXPECT_FALSE(verdict.genuine) << part.name;
      EXPECT_EQ(verdict.failure_class, part.failure_class)
          << part.name << ": " << verdict.failure;
    }
  }
}

// The real platform's chain behind a body and an enclave of our own.
TEST_F(RealMutants, A9_RealChainBehindAPretendQuoteIsRefused) {
  for (const attest::Quote& real : parsed_) {
    simulator::QuoteParts parts = GoodParts(real.version);
    parts.certification_data = real.certification_data;
    EXPECT_EQ(Judge(parts.Assemble()).failure_class, "qe-report-signature");
    parts.qe_report = real.qe_report_bytes;
    parts.qe_report_signature = real.qe_report_signature;
    EXPECT_EQ(Judge(parts.Assemble()).failure_class, "qe-report-data");
    parts.authentication_data = real.qe_authentication_data;
    EXPECT_EQ(Judge(parts.Assemble()).failure_class, "qe-report-data");
    parts.attestation_key = real.attestation_key;
    EXPECT_EQ(Judge(parts.Assemble()).failure_class, "quote-signature");
    parts.signature = real.signature;
    EXPECT_EQ(Judge(parts.Assemble()).failure_class, "quote-signature");
  }
}

TEST_F(RealMutants, A9_PretendPartsInARealSetAreRefused) {
  const CollateralDocuments pretend = MakeDocuments(GoodCollateral());
  struct Row {
    std::string failure_class;
    std::function<void(CollateralDocuments&)> change;
  };
  for (const Row& row : std::vector<Row>{
           {"tcb-info-signature",
            [&](auto& d) { d.tcb_info = pretend.tcb_info; }},
           {"qe-identity-signature",
            [&](auto& d) { d.qe_identity = pretend.qe_identity; }},
           {"tcb-signing-chain",
            [&](auto& d) { d.tcb_signing_chain = pretend.tcb_signing_chain; }},
           {"crl", [&](auto& d) { d.root_ca_crl = pretend.root_ca_crl; }},
           {"crl", [&](auto& d) { d.pck_crl = pretend.pck_crl; }},
           {"crl", [&](auto& d) { d = pretend; }}}) {
    CollateralDocuments changed = set_;
    row.change(changed);
    const Verdict verdict = Judge(quotes_[0], changed);
    EXPECT_FALSE(verdict.genuine) << row.failure_class;
    EXPECT_EQ(verdict.failure_class, row.failure_class) << verdict.failure;
  }
}

TEST_F(RealMutants, A9_SetsOfAnotherPlatformTeeCaOrTimeAreRefused) {
  const auto mixed = [&](const std::string& failure_class,
                         const CollateralDocuments& documents) {
    for (const Bytes& quote : quotes_) {
      const Verdict verdict = Judge(quote, documents);
      EXPECT_FALSE(verdict.genuine) << failure_class;
      EXPECT_EQ(verdict.failure_class, failure_class) << verdict.failure;
    }
  };
  CollateralDocuments documents = set_;
  documents.tcb_info = Set(kOtherPlatform).tcb_info;
  mixed("tcb-info-mismatch", documents);
  mixed("tcb-info-mismatch", Set(kOtherPlatform));
  mixed("expired", Set(kOlderSet));
  documents = set_;
  documents.tcb_info = Set(kOlderSet).tcb_info;
  mixed("expired", documents);
  documents = set_;
  documents.pck_crl = Set(kProcessorSet).pck_crl;
  mixed("crl", documents);
  mixed("crl", Set(kProcessorSet));
  documents = set_;
  std::swap(documents.pck_crl, documents.root_ca_crl);
  mixed("crl", documents);
  documents = set_;
  std::swap(documents.tcb_info, documents.qe_identity);
  mixed("tcb-info-format", documents);
  documents = set_;
  documents.tcb_signing_chain = set_.pck_crl_issuer_chain;
  mixed("tcb-signing-chain", documents);
  mixed("tcb-info-mismatch", Set(kSgxSet));
}

}  // namespace
}  // namespace tdxvfs::testing
