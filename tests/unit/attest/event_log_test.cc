// SPDX-License-Identifier: Apache-2.0
#include "attest/event_log/event_log.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "attest/event_log/ccel_table.h"
#include "attest/event_log/replay.h"
#include "tests/support/event_log_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::event_log {
namespace {

using testing::EventLogBuilder;
using testing::Fails;
using testing::Succeeds;
using Bytes = std::vector<std::uint8_t>;

// Three events in RTMR0, RTMR1 and RTMR2 and one for the reader only.
EventLogBuilder GoodLog() {
  return EventLogBuilder()
      .SpecId()
      .Event(1, 0x80000008, 0xa0, "firmware")
      .Event(2, 0x80000003, 0xa1, "image")
      .Event(7, kEvNoAction, 0, "for the reader")
      .Event(3, 0x0d, 0xa2, "kernel_cmdline: quiet");
}

void ExpectLogRefused(const Bytes& bytes, const std::string& field) {
  const auto log = ParseEventLog(bytes);
  ASSERT_THAT(log, Fails(Reason::kQuoteInvalid)) << field;
  EXPECT_NE(log.error().message().find("event log: " + field),
            std::string::npos)
      << field << " expected, found " << log.error().message();
}

TEST(EventLog, IsReadRecordByRecord) {
  const Bytes bytes = GoodLog().bytes();
  ASSERT_OK_AND_ASSIGN(const EventLog log, ParseEventLog(bytes));
  ASSERT_EQ(log.events.size(), 4U);
  EXPECT_EQ(log.size, bytes.size());
  EXPECT_EQ(log.events[1].rtmr(), 1U);
  EXPECT_EQ(log.events[1].type, 0x80000003U);
  EXPECT_EQ(log.events[1].digest[47], 0xa1);
  EXPECT_EQ(AsText(log.events[1].data), "image");
  EXPECT_EQ(log.events[2].rtmr(), std::nullopt);
}

TEST(EventLog, FillBehindTheLastRecordIsNotPartOfIt) {
  const Bytes bytes = GoodLog().bytes();
  for (const std::uint8_t fill : Bytes{0x00, 0xff}) {
    Bytes area = bytes;
    area.resize(kMaxEventLogSize, fill);
    ASSERT_OK_AND_ASSIGN(const EventLog log, ParseEventLog(area));
    EXPECT_EQ(log.size, bytes.size());
  }
}

TEST(EventLog, EventsMayEndWithBytesThatLookLikeFill) {
  const std::string data("\1\0\0\xff\xff\0", 6);
  const Bytes bytes = GoodLog().Event(1, 4, 0xff, data).bytes();
  ASSERT_OK_AND_ASSIGN(const EventLog log, ParseEventLog(bytes));
  EXPECT_EQ(log.events.size(), 5U);
  EXPECT_EQ(log.size, bytes.size());
}

TEST(EventLog, A9_TruncationAtEveryByteIsRefusedUnlessRecordsAreWhole) {
  const Bytes bytes = GoodLog().bytes();
  ASSERT_OK_AND_ASSIGN(const EventLog whole, ParseEventLog(bytes));
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto log = ParseEventLog(std::span(bytes).first(size));
    accepted += log.has_value() ? 1U : 0U;
    if (log.has_value()) {
      EXPECT_EQ(log->size, size);
      EXPECT_LT(log->events.size(), whole.events.size());
    }
  }
  // Behind the first record and behind each event but the last.
  EXPECT_EQ(accepted, 4U);
}

TEST(EventLog, A9_RefusesWhatIsLargerThanItsCap) {
  Bytes area = GoodLog().bytes();
  area.resize(kMaxEventLogSize);
  EXPECT_THAT(ParseEventLog(area), Succeeds());
  area.push_back(0);
  EXPECT_THAT(ParseEventLog(area), Fails(Reason::kQuoteInvalid));
}

TEST(EventLog, A9_RefusesABadFirstRecord) {
  struct Row {
    std::string field;
    std::function<void(Bytes&)> change;
  };
  const std::vector<Row> rows = {
      {"event type at offset 4", [](Bytes& b) { b[4] = 4; }},
      {"event at offset 32", [](Bytes& b) { b[31] = 0x7f; }},
      {"signature at offset 32", [](Bytes& b) { b[46] = '2'; }},
      {"algorithm count at offset 56", [](Bytes& b) { b[56] = 0; }},
      {"algorithm count at offset 56", [](Bytes& b) { b[56] = 9; }},
      {"algorithm count at offset 56", [](Bytes& b) { b[59] = 0xff; }},
      {"algorithm at offset 64", [](Bytes& b) { b[56] = 2; }},
      {"digest size at offset 62", [](Bytes& b) { b[62] = 47; }},
      {"algorithms at offset 56", [](Bytes& b) { b[60] = 0x0e; }},
      {"vendor information at offset 65", [](Bytes& b) { b[64] = 1; }},
      {"vendor information at offset 65", [](Bytes& b) { b[28] = 34; }},
      {"vendor information size at offset 64", [](Bytes& b) { b[28] = 32; }}};
  for (const Row& row : rows) {
    Bytes bytes = EventLogBuilder().SpecId().bytes();
    bytes.push_back(0x11);  // so that a longer record finds bytes
    row.change(bytes);
    ExpectLogRefused(bytes, row.field);
  }
}

TEST(EventLog, A9_RefusesAlgorithmsDeclaredTwiceOrWithWrongSizes) {
  ExpectLogRefused(EventLogBuilder().SpecId({{0x0c, 48}, {0x0c, 48}}).bytes(),
                   "algorithm at offset 64");
  ExpectLogRefused(EventLogBuilder().SpecId({{0x0c, 48}, {0x0b, 20}}).bytes(),
                   "digest size at offset 66");
  ExpectLogRefused(EventLogBuilder().SpecId({{0x0c, 48}, {0x99, 0}}).bytes(),
                   "digest size at offset 66");
  ExpectLogRefused(EventLogBuilder().SpecId({{0x0c, 48}, {0x99, 65}}).bytes(),
                   "digest size at offset 66");
  ExpectLogRefused(EventLogBuilder().SpecId({{0x0b, 32}}).bytes(),
                   "algorithms at offset 56");
}

TEST(EventLog, A9_RefusesBadDigestsOfARecord) {
  const auto log = [](const std::function<void(EventLogBuilder&)>& digests) {
    EventLogBuilder builder;
    builder.SpecId({{0x0c, 48}, {0x0b, 32}}).U32(1).U32(4);
    digests(builder);
    return builder.bytes();
  };
  ExpectLogRefused(log([](EventLogBuilder& b) { b.U32(3).Raw(Bytes(99, 1)); }),
                   "digest count");
  ExpectLogRefused(
      log([](EventLogBuilder& b) { b.U32(0xffffffff).Raw(Bytes(99, 1)); }),
      "digest count");
  ExpectLogRefused(
      log([](EventLogBuilder& b) { b.U32(1).U16(0x04).Raw(Bytes(60, 1)); }),
      "digest algorithm");
  ExpectLogRefused(log([](EventLogBuilder& b) {
                     b.U32(2).U16(0x0c).Raw(Bytes(48, 1));
                     b.U16(0x0c).Raw(Bytes(48, 1)).U32(0);
                   }),
                   "digest algorithm");
  ExpectLogRefused(
      log([](EventLogBuilder& b) { b.U32(1).U16(0x0c).Raw(Bytes(47, 1)); }),
      "digest at");
  ExpectLogRefused(log([](EventLogBuilder& b) {
                     b.U32(1).U16(0x0b).Raw(Bytes(32, 1)).U32(0);
                   }),
                   "record");
  ExpectLogRefused(log([](EventLogBuilder& b) { b.U32(0).U32(0).U8(1); }),
                   "record");
  ExpectLogRefused(log([](EventLogBuilder& b) {
                     b.U32(1).U16(0x0c).Raw(Bytes(48, 1)).U32(2).U8(1);
                   }),
                   "event at");
}

TEST(EventLog, OtherDeclaredDigestsMayStandBesideSha384) {
  const Bytes bytes = EventLogBuilder()
                          .SpecId({{0x0b, 32}, {0x0c, 48}, {0x99, 5}})
                          .U32(1)
                          .U32(4)
                          .U32(3)
                          .U16(0x99)
                          .Raw(Bytes(5, 9))
                          .U16(0x0c)
                          .Raw(Bytes(48, 0x77))
                          .U16(0x0b)
                          .Raw(Bytes(32, 9))
                          .U32(0)
                          .Event(2, 4, 0x22, "x")
                          .bytes();
  ASSERT_OK_AND_ASSIGN(const EventLog log, ParseEventLog(bytes));
  EXPECT_EQ(log.events[0].digest[0], 0x77);
}

TEST(EventLog, A9_RefusesBytesBehindTheEnd) {
  Bytes area = GoodLog().bytes();
  area.resize(area.size() + 100, 0xff);
  area.back() = 0x01;
  ExpectLogRefused(area, "digest count");
}

TEST(EventLog, IndicesOfNoRegisterExtendNothing) {
  for (const std::uint32_t index : {0U, 5U, 6U, 0x80000001U, 0xffffffffU}) {
    const Bytes bytes =
        EventLogBuilder().SpecId().Event(index, 4, 0x22, "x").bytes();
    ASSERT_OK_AND_ASSIGN(const EventLog log, ParseEventLog(bytes));
    EXPECT_EQ(log.events[0].rtmr(), std::nullopt);
    ASSERT_OK_AND_ASSIGN(const Registers registers, Replay(log));
    EXPECT_EQ(registers, Registers{});
  }
}

// Whatever register they name and whatever digests they carry.
TEST(EventLog, EventsOfNoActionExtendNothing) {
  for (const std::uint32_t index : {0U, 1U, 2U, 3U, 4U, 0xffffffffU}) {
    const Bytes bytes = EventLogBuilder()
                            .SpecId()
                            .Event(index, kEvNoAction, 0x22, "StartupLocality")
                            .U32(index)
                            .U32(kEvNoAction)
                            .U32(0)
                            .U32(0)
                            .bytes();
    ASSERT_OK_AND_ASSIGN(const EventLog log, ParseEventLog(bytes));
    ASSERT_EQ(log.events.size(), 2U);
    ASSERT_OK_AND_ASSIGN(const Registers registers, Replay(log));
    EXPECT_EQ(registers, Registers{});
  }
}

attest::TdReport ReplayedReport(const EventLog& log) {
  attest::TdReport report;
  report.rtmr = Replay(log).value();
  return report;
}

TEST(EventLog, ReplaysToTheRegistersThatItsDigestsLeadTo) {
  ASSERT_OK_AND_ASSIGN(const EventLog log, ParseEventLog(GoodLog().bytes()));
  ASSERT_OK_AND_ASSIGN(const Registers registers, Replay(log));
  // printf '%096d' 0 | ... : SHA-384 over 48 zeroes and 48 times a0.
  Bytes input(96, 0);
  std::fill(input.begin() + 48, input.end(), 0xa0);
  EXPECT_EQ(registers[0], Sha384(input).value());
  EXPECT_EQ(registers[3], Sha384Digest{});
  const Bytes bytes = GoodLog().bytes();
  attest::Checks checks;
  EXPECT_THAT(ReadReplayed(bytes, ReplayedReport(log), &checks), Succeeds());
  EXPECT_EQ(checks.size(), 3U);
}

TEST(EventLog, A11_ALogThatLeadsElsewhereIsRefused) {
  ASSERT_OK_AND_ASSIGN(const EventLog log, ParseEventLog(GoodLog().bytes()));
  const Bytes bytes = GoodLog().bytes();
  for (std::size_t i = 0; i < 3; ++i) {
    attest::TdReport report = ReplayedReport(log);
    report.rtmr.at(i)[20] ^= 1U;
    attest::Checks checks;
    const auto read = ReadReplayed(bytes, report, &checks);
    ASSERT_THAT(read, Fails(Reason::kQuoteInvalid));
    EXPECT_NE(read.error().message().find("rtmr" + std::to_string(i)),
              std::string::npos);
    EXPECT_FALSE(checks.at(i).passed);
  }
}

TEST(EventLog, A11_OneBitOfAnyDigestLeadsElsewhere) {
  const Bytes good = GoodLog().bytes();
  ASSERT_OK_AND_ASSIGN(const EventLog log, ParseEventLog(good));
  const attest::TdReport report = ReplayedReport(log);
  // The digest of the first event: index, type, count and algorithm behind the
  // first record of 65 bytes.
  for (std::size_t i = 65 + 14; i < 65 + 14 + 48; ++i) {
    Bytes bytes = good;
    bytes[i] ^= 1U;
    EXPECT_THAT(ReadReplayed(bytes, report, nullptr),
                Fails(Reason::kQuoteInvalid));
  }
}

TEST(EventLog, Rtmr3IsExemptSinceProgramsExtendItAtRunTime) {
  ASSERT_OK_AND_ASSIGN(const EventLog log, ParseEventLog(GoodLog().bytes()));
  attest::TdReport report = ReplayedReport(log);
  report.rtmr[3].fill(0x33);
  EXPECT_THAT(ReadReplayed(GoodLog().bytes(), report, nullptr), Succeeds());
}

TEST(CcelTable, RefusesWhatIsNotATdxGuestsTable) {
  Bytes table(56, 0);
  const std::string signature = "CCEL";
  std::copy(signature.begin(), signature.end(), table.begin());
  table[4] = 56;
  table[36] = 2;
  table[41] = 0x10;
  const auto with_checksum = [](Bytes bytes) {
    std::uint8_t sum = 0;
    for (const std::uint8_t byte : bytes) {
      sum = static_cast<std::uint8_t>(sum + byte);
    }
    bytes[9] = static_cast<std::uint8_t>(bytes[9] - sum);
    return bytes;
  };
  ASSERT_OK_AND_ASSIGN(const CcelTable good,
                       ParseCcelTable(with_checksum(table)));
  EXPECT_EQ(good.log_size, 0x1000U);
  EXPECT_THAT(ParseCcelTable(table), Fails(Reason::kQuoteInvalid));
  for (const std::size_t offset : {0U, 4U, 5U, 36U}) {
    Bytes changed = table;
    changed[offset] ^= 1U;
    EXPECT_THAT(ParseCcelTable(with_checksum(changed)),
                Fails(Reason::kQuoteInvalid));
  }
  Bytes longer = with_checksum(table);
  longer.push_back(0);
  EXPECT_THAT(ParseCcelTable(longer), Fails(Reason::kQuoteInvalid));
}

}  // namespace
}  // namespace tdxvfs::event_log
