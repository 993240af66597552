// SPDX-License-Identifier: Apache-2.0
#include "attest/quote.h"

#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/hex.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::attest {
namespace {

using U16s = std::initializer_list<std::uint16_t>;
using U8s = std::initializer_list<std::uint8_t>;
using ::tdxvfs::simulator::Bytes;
using ::tdxvfs::simulator::QuoteParts;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::GoodParts;
using ::tdxvfs::testing::GoodQuote;
using ::tdxvfs::testing::Succeeds;

TEST(ParseQuote, ReadsEveryFieldOfVersion4) {
  TdReport report = simulator::GoodTdReport();
  report.mr_td.fill(0xa1);
  report.rtmr[3].fill(0xb3);
  report.report_data.fill(0xcd);
  report.mr_config_id.fill(0xc1);
  report.mr_owner.fill(0x01);
  report.mr_owner_config.fill(0x0c);
  ASSERT_OK_AND_ASSIGN(const Bytes bytes,
                       testing::GoodSigner().Sign(4, report));
  ASSERT_OK_AND_ASSIGN(const Quote quote, ParseQuote(bytes));
  EXPECT_EQ(quote.version, 4);
  EXPECT_EQ(quote.tee, Tee::kTdx);
  EXPECT_EQ(quote.signed_size, 632U);
  EXPECT_EQ(quote.bytes, bytes);
  EXPECT_EQ(quote.certification_type, 5);
  EXPECT_EQ(quote.qe_authentication_data.size(), 32U);
  ASSERT_NE(quote.td_report(), nullptr);
  EXPECT_EQ(quote.td_report()->mr_td, report.mr_td);
  EXPECT_EQ(quote.td_report()->mr_seam, report.mr_seam);
  EXPECT_EQ(quote.td_report()->rtmr, report.rtmr);
  EXPECT_EQ(quote.td_report()->td_attributes, report.td_attributes);
  EXPECT_EQ(quote.td_report()->xfam, report.xfam);
  EXPECT_EQ(quote.td_report()->report_data, report.report_data);
  EXPECT_EQ(quote.td_report()->mr_config_id, report.mr_config_id);
  EXPECT_EQ(quote.td_report()->mr_owner, report.mr_owner);
  EXPECT_EQ(quote.td_report()->mr_owner_config, report.mr_owner_config);
  EXPECT_FALSE(quote.td_report()->mr_service_td.has_value());
}

TEST(ParseQuote, ReadsTheTwoMoreFieldsOfVersion5) {
  TdReport report = simulator::GoodTdReport();
  report.mr_service_td.emplace().fill(0x77);
  report.tee_tcb_svn2.emplace().fill(0x09);
  ASSERT_OK_AND_ASSIGN(const Bytes bytes,
                       testing::GoodSigner().Sign(5, report));
  ASSERT_OK_AND_ASSIGN(const Quote quote, ParseQuote(bytes));
  EXPECT_EQ(quote.version, 5);
  EXPECT_EQ(quote.signed_size, 54U + 648U);
  ASSERT_NE(quote.td_report(), nullptr);
  EXPECT_EQ(quote.td_report()->mr_service_td, report.mr_service_td);
  EXPECT_EQ(quote.td_report()->tee_tcb_svn2, report.tee_tcb_svn2);
}

TEST(ParseQuote, TrimsZeroPadding) {
  for (const std::size_t padding : {1U, 2U, 70U, 3065U}) {
    Bytes bytes = GoodQuote();
    const Bytes declared = bytes;
    bytes.resize(bytes.size() + padding);
    ASSERT_OK_AND_ASSIGN(const Quote quote, ParseQuote(bytes));
    EXPECT_EQ(quote.bytes, declared);
  }
}

TEST(ParseQuote, PaddingCountsUpToTheCap) {
  Bytes bytes = GoodQuote();
  bytes.resize(kMaxQuoteSize);
  EXPECT_THAT(ParseQuote(bytes), Succeeds());
  bytes.push_back(0);
  EXPECT_THAT(ParseQuote(bytes), Fails(Reason::kQuoteInvalid));
}

TEST(ParseQuote, A9_EveryTruncationIsRefused) {
  for (const std::uint16_t version : U16s{4, 5}) {
    const Bytes whole = GoodQuote(version);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // A copy of the exact size, so that sanitizers see reads beyond it.
      const Bytes cut(whole.begin(),
                      whole.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_THAT(ParseQuote(cut), Fails(Reason::kQuoteInvalid)) << size;
    }
  }
}

struct FormatCase {
  std::string name;
  std::uint16_t version;
  std::function<void(QuoteParts&)> change;
};

std::uint32_t SectionSize(const QuoteParts& parts) {
  return static_cast<std::uint32_t>(128 + 6 + 384 + 64 + 2 +
                                    parts.authentication_data.size() + 6 +
                                    parts.certification_data.size());
}

std::vector<FormatCase> HeaderCases() {
  std::vector<FormatCase> cases;
  for (const std::uint16_t version : U16s{0, 1, 2, 3, 5, 6, 0xffff}) {
    cases.push_back(
        {"Version" + std::to_string(version), 4, [version](QuoteParts& p) {
           p.version = version;
           p.body_type = 2;
           p.body_size = 0;
         }});
  }
  cases.push_back({"Version4HeaderOnVersion5Body", 5,
                   [](QuoteParts& p) { p.version = 4; }});
  for (const std::uint16_t key_type : U16s{0, 1, 3, 0xffff}) {
    cases.push_back({"KeyType" + std::to_string(key_type), 4,
                     [key_type](QuoteParts& p) { p.key_type = key_type; }});
  }
  for (const std::uint32_t tee : {0U, 0x80U, 0x82U, 0x8100U, 0xffffffffU}) {
    cases.push_back({"Tee" + std::to_string(tee), 4,
                     [tee](QuoteParts& p) { p.tee = tee; }});
  }
  cases.push_back(
      {"VendorId", 4, [](QuoteParts& p) { p.qe_vendor_id[15] ^= 1U; }});
  for (const std::uint16_t type : U16s{0, 1, 2, 4, 5, 0xffff}) {
    cases.push_back({"BodyType" + std::to_string(type), 5,
                     [type](QuoteParts& p) { p.body_type = type; }});
  }
  for (const std::uint32_t size :
       {0U, 584U, 647U, 649U, 885U, 648U + 65536U, 0x7fffffffU, 0xffffffffU}) {
    cases.push_back({"BodySize" + std::to_string(size), 5,
                     [size](QuoteParts& p) { p.body_size = size; }});
  }
  cases.push_back({"Body10With15Size", 5, [](QuoteParts& p) {
                     p.body.resize(584);
                     p.body_size = 648;
                   }});
  return cases;
}

std::vector<FormatCase> LengthCases() {
  std::vector<FormatCase> cases;
  for (const std::uint32_t size : {0U, 1U, 127U, 0x7fffffffU, 0xffffffffU}) {
    cases.push_back({"SignatureSize" + std::to_string(size), 4,
                     [size](QuoteParts& p) { p.signature_size = size; }});
    cases.push_back({"OuterSize" + std::to_string(size), 5,
                     [size](QuoteParts& p) { p.outer_size = size; }});
    cases.push_back({"CertificationSize" + std::to_string(size), 4,
                     [size](QuoteParts& p) { p.certification_size = size; }});
  }
  for (const int change : {-1, 1}) {
    const std::string name = change < 0 ? "OneLess" : "OneMore";
    const auto delta = static_cast<std::uint32_t>(change);
    cases.push_back({"SignatureSize" + name, 4, [delta](QuoteParts& p) {
                       p.signature_size = SectionSize(p) + delta;
                     }});
    cases.push_back({"OuterSize" + name, 4, [delta](QuoteParts& p) {
                       p.outer_size = SectionSize(p) - 134 + delta;
                     }});
    cases.push_back(
        {"CertificationSize" + name, 4, [delta](QuoteParts& p) {
           p.certification_size =
               static_cast<std::uint32_t>(p.certification_data.size()) + delta;
         }});
  }
  for (const std::uint16_t size : U16s{0, 31, 33, 0xffff}) {
    cases.push_back({"AuthenticationSize" + std::to_string(size), 4,
                     [size](QuoteParts& p) { p.authentication_size = size; }});
  }
  cases.push_back({"SlackBehindCertificationData", 4, [](QuoteParts& p) {
                     p.certification_size = static_cast<std::uint32_t>(
                         p.certification_data.size());
                     p.certification_data.push_back(0);
                   }});
  return cases;
}

std::vector<FormatCase> OtherCases() {
  std::vector<FormatCase> cases;
  for (const std::uint16_t type : U16s{0, 1, 5, 7, 0xffff}) {
    cases.push_back({"OuterType" + std::to_string(type), 4,
                     [type](QuoteParts& p) { p.outer_type = type; }});
  }
  for (const std::uint16_t type : U16s{0, 6, 7, 0xffff}) {
    cases.push_back({"InnerType" + std::to_string(type), 5,
                     [type](QuoteParts& p) { p.certification_type = type; }});
  }
  cases.push_back({"NonZeroTail", 4, [](QuoteParts& p) {
                     p.tail = {0, 0, 1, 0};
                   }});
  cases.push_back(
      {"QuoteTwice", 4, [](QuoteParts& p) { p.tail = GoodQuote(); }});
  cases.push_back(
      {"MegabyteOfZeroes", 4, [](QuoteParts& p) { p.tail.resize(1U << 20U); }});
  return cases;
}

std::vector<FormatCase> AllFormatCases() {
  std::vector<FormatCase> cases = HeaderCases();
  for (auto more : {LengthCases(), OtherCases()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  return cases;
}

TEST(ParseQuote, A9_EveryMalformedFieldIsRefused) {
  for (const FormatCase& row : AllFormatCases()) {
    QuoteParts parts = GoodParts(row.version);
    row.change(parts);
    EXPECT_THAT(ParseQuote(parts.Assemble()), Fails(Reason::kQuoteInvalid))
        << row.name;
  }
}

TEST(ParseQuote, A9_EveryByteMadeExtremeNeitherCrashesNorChangesTheBytes) {
  const Bytes good = GoodQuote(5);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const std::uint8_t value : U8s{0x00, 0xff, 0x7f, 0x80}) {
      Bytes bytes = good;
      bytes[i] = value;
      const auto quote = ParseQuote(bytes);
      if (quote.has_value()) {
        ASSERT_EQ(quote->bytes, bytes) << i;
      }
    }
  }
}

// The same quote as base64 and as hex.
TEST(ParseQuote, SaysWhenItIsGivenText) {
  for (const std::string_view text :
       {"BAACAIEAAAAAAAAAk5pyM/ecTKmUCg2zlX8GB1E9AAAAAAAAAAAA",
        "040002008100000000000000939a7233f79c4ca9940a0db3"}) {
    const auto quote = ParseQuote(AsBytes(text));
    ASSERT_THAT(quote, Fails(Reason::kQuoteInvalid));
    EXPECT_NE(quote.error().ToString().find("decode base64 or hex first"),
              std::string::npos);
  }
  QuoteParts parts = GoodParts(4);
  parts.version = 6;
  EXPECT_EQ(ParseQuote(parts.Assemble()).error().ToString().find("decode"),
            std::string::npos);
}

TEST(ParseQuote, NamesTheNewBodyTypeThatItRefuses) {
  QuoteParts parts = GoodParts(5);
  parts.body_type = 4;
  parts.body.resize(885);
  const auto quote = ParseQuote(parts.Assemble());
  ASSERT_THAT(quote, Fails(Reason::kQuoteInvalid));
  EXPECT_NE(quote.error().ToString().find(
                "unsupported body type 4 (TD report 1.5ex)"),
            std::string::npos);
}

// Header, SGX report and signature section of a version 3 quote.
TEST(ParseQuote, ReadsVersion3SoThatACallerCanRefuseItByName) {
  const QuoteParts parts = GoodParts(4);
  const Bytes header = {3, 0, 2, 0, 0, 0, 0, 0, 9, 0, 13, 0};
  const Bytes whole = parts.Assemble();
  Bytes v3 = header;
  v3.insert(v3.end(), whole.begin() + 12, whole.begin() + 48);
  v3.resize(48 + 384, 0x11);
  const auto section = static_cast<std::uint32_t>(SectionSize(parts) - 6);
  for (unsigned shift = 0; shift < 32; shift += 8) {
    v3.push_back(static_cast<std::uint8_t>(section >> shift));
  }
  // Signature and key, then the QE report without the outer type and length.
  v3.insert(v3.end(), whole.begin() + 636, whole.begin() + 636 + 128);
  v3.insert(v3.end(), whole.begin() + 636 + 134, whole.end());
  ASSERT_OK_AND_ASSIGN(const Quote quote, ParseQuote(v3));
  EXPECT_EQ(quote.version, 3);
  EXPECT_EQ(quote.tee, Tee::kSgx);
  EXPECT_EQ(quote.qe_svn, 9);
  EXPECT_EQ(quote.pce_svn, 13);
  EXPECT_EQ(quote.td_report(), nullptr);
}

}  // namespace
}  // namespace tdxvfs::attest
