// SPDX-License-Identifier: Apache-2.0
#include "simulator/report_entries.h"

#include <errno.h>

#include <string>

#include <gtest/gtest.h>

#include "tests/support/quote_builder.h"

namespace tdxvfs::simulator {
namespace {

QuoteAnswerer AnswererFailingWith(int error_number) {
  AnswerOptions options;
  options.report = GoodTdReport();
  options.error_number = error_number;
  return {QuoteSigner::Create(testing::GoodPki()).value(), options};
}

TEST(ReportEntries, QuoteFollowsTheLastCommittedInblob) {
  QuoteAnswerer answerer = AnswererFailingWith(0);
  ReportEntries entries(answerer);
  ASSERT_EQ(entries.Make("one"), 0);
  EXPECT_EQ(entries.Make("one"), -EEXIST);
  ReportEntry& entry = *entries.Find("one");
  EXPECT_EQ(entries.Refresh(entry), -EINVAL);
  ReportEntries::Commit(entry, Bytes(64, 1));
  EXPECT_EQ(entry.write_generation, 1U);
  ASSERT_EQ(entries.Refresh(entry), 0);
  const Bytes first = entry.outblob;
  ASSERT_EQ(entries.Refresh(entry), 0);
  EXPECT_EQ(entry.outblob, first);
  ReportEntries::Commit(entry, Bytes(64, 2));
  ASSERT_EQ(entries.Refresh(entry), 0);
  EXPECT_NE(entry.outblob, first);
  EXPECT_EQ(entry.write_generation, 2U);
  EXPECT_EQ(entries.Remove("one"), 0);
  EXPECT_EQ(entries.Remove("one"), -ENOENT);
}

TEST(ReportEntries, ShortInblobIsTakenAndThenRefused) {
  QuoteAnswerer answerer = AnswererFailingWith(0);
  ReportEntries entries(answerer);
  ASSERT_EQ(entries.Make("one"), 0);
  ReportEntry& entry = *entries.Find("one");
  ReportEntries::Commit(entry, Bytes(32, 1));
  EXPECT_EQ(entry.write_generation, 1U);
  EXPECT_EQ(entries.Refresh(entry), -EINVAL);
}

TEST(ReportEntries, ErrnoOfTheQuoteServiceIsHandedOn) {
  QuoteAnswerer answerer = AnswererFailingWith(ETIMEDOUT);
  ReportEntries entries(answerer);
  ASSERT_EQ(entries.Make("one"), 0);
  ReportEntry& entry = *entries.Find("one");
  ReportEntries::Commit(entry, Bytes(64, 1));
  EXPECT_EQ(entries.Refresh(entry), -ETIMEDOUT);
}

TEST(ReportPath, KnowsTheTreeOfConfigfs) {
  using Level = ReportPath::Level;
  EXPECT_EQ(ParseReportPath("/")->level, Level::kRoot);
  EXPECT_EQ(ParseReportPath("/tsm")->level, Level::kTsm);
  EXPECT_EQ(ParseReportPath("/tsm/report")->level, Level::kReport);
  EXPECT_EQ(ParseReportPath("/tsm/report/x")->level, Level::kEntry);
  const auto attribute = ParseReportPath("/tsm/report/x/outblob");
  ASSERT_TRUE(attribute.has_value());
  EXPECT_EQ(attribute->entry, "x");
  EXPECT_EQ(attribute->attribute, Attribute::kOutblob);
  EXPECT_FALSE(ParseReportPath("/tsm/report/x/auxblob").has_value());
  EXPECT_FALSE(ParseReportPath("/tsm/report/x/outblob/y").has_value());
  EXPECT_FALSE(ParseReportPath("/other").has_value());
}

}  // namespace
}  // namespace tdxvfs::simulator
