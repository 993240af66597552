// SPDX-License-Identifier: Apache-2.0
#include "simulator/quote_answerer.h"

#include <errno.h>

#include <string>

#include <gtest/gtest.h>

#include "attest/quote.h"
#include "simulator/measurement_options.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::simulator {
namespace {

using testing::Fails;
using testing::VerdictOn;

attest::ByteArray<64> ReportDataOf(std::uint8_t byte) {
  attest::ByteArray<64> report_data{};
  report_data.fill(byte);
  return report_data;
}

QuoteAnswerer AnswererWith(Fault fault) {
  AnswerOptions options;
  options.report = GoodTdReport();
  options.padding = 70;
  options.fault = fault;
  return {QuoteSigner::Create(testing::GoodPki()).value(), options};
}

attest::ByteArray<64> QuotedReportData(const Bytes& quote) {
  return attest::ParseQuote(quote).value().td_report()->report_data;
}

TEST(QuoteAnswerer, AnswersWithGenuinePaddedQuotes) {
  QuoteAnswerer answerer = AnswererWith(Fault::kNone);
  for (const std::uint8_t byte : {std::uint8_t{1}, std::uint8_t{2}}) {
    ASSERT_OK_AND_ASSIGN(const Bytes quote,
                         answerer.Answer(ReportDataOf(byte)));
    EXPECT_TRUE(VerdictOn(quote).genuine);
    EXPECT_EQ(QuotedReportData(quote), ReportDataOf(byte));
  }
}

TEST(QuoteAnswerer, ReplaysTheFirstQuoteForEver) {
  QuoteAnswerer answerer = AnswererWith(Fault::kReplay);
  ASSERT_OK_AND_ASSIGN(const Bytes first, answerer.Answer(ReportDataOf(1)));
  ASSERT_OK_AND_ASSIGN(const Bytes second, answerer.Answer(ReportDataOf(2)));
  EXPECT_EQ(first, second);
  EXPECT_TRUE(VerdictOn(second).genuine);
}

TEST(QuoteAnswerer, SignsOtherReportData) {
  QuoteAnswerer answerer = AnswererWith(Fault::kReportData);
  ASSERT_OK_AND_ASSIGN(const Bytes quote, answerer.Answer(ReportDataOf(1)));
  EXPECT_TRUE(VerdictOn(quote).genuine);
  EXPECT_NE(QuotedReportData(quote), ReportDataOf(1));
}

TEST(QuoteAnswerer, OtherFaultsMakeNoGenuineQuote) {
  for (const auto& [fault, failure] :
       {std::pair<Fault, std::string>{Fault::kTampered, "quote-signature"},
        {Fault::kGarbage, "format"},
        {Fault::kTruncated, "format"}}) {
    QuoteAnswerer answerer = AnswererWith(fault);
    ASSERT_OK_AND_ASSIGN(const Bytes quote, answerer.Answer(ReportDataOf(1)));
    EXPECT_EQ(VerdictOn(quote).failure_class, failure);
  }
}

TEST(QuoteAnswerer, KnowsItsFaultsByName) {
  EXPECT_EQ(ParseFault("replay").value(), Fault::kReplay);
  EXPECT_EQ(ParseFault("none").value(), Fault::kNone);
  EXPECT_THAT(ParseFault("Replay"), Fails(Reason::kUsage));
  EXPECT_THAT(ParseFault(""), Fails(Reason::kUsage));
}

TEST(MeasurementOptions, EveryNameSetsItsOwnMember) {
  const Bytes plain = [] {
    attest::TdReport report = GoodTdReport();
    report.tee_tcb_svn2.emplace();
    report.mr_service_td.emplace();
    return TdReportBytes(report);
  }();
  for (const std::string& name : MeasurementNames()) {
    // The size is not told apart by name: try the three that there are.
    int accepted = 0;
    for (const std::size_t size : {8U, 16U, 48U}) {
      const std::string hex(2 * size, 'e');
      auto report = TdReportFromOptions({{name, hex}});
      if (report.has_value()) {
        ++accepted;
        if (!report->tee_tcb_svn2.has_value()) {
          report->tee_tcb_svn2.emplace();
        }
        if (!report->mr_service_td.has_value()) {
          report->mr_service_td.emplace();
        }
        EXPECT_NE(TdReportBytes(*report), plain) << name;
      }
    }
    EXPECT_EQ(accepted, 1) << name;
  }
}

TEST(MeasurementOptions, RefusesWhatIsNoHexOfTheRightSize) {
  for (const std::string& value :
       {std::string("zz"), std::string("00"), std::string(97, '0')}) {
    const auto report = TdReportFromOptions({{"mr-td", value}});
    ASSERT_THAT(report, Fails(Reason::kUsage));
    EXPECT_NE(report.error().ToString().find("--mr-td"), std::string::npos);
  }
}

}  // namespace
}  // namespace tdxvfs::simulator
