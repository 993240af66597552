// SPDX-License-Identifier: Apache-2.0
#include <simdjson.h>

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "attest/event_log/ccel_table.h"
#include "attest/event_log/event_kind.h"
#include "attest/event_log/replay.h"
#include "attest/quote.h"
#include "common/hex.h"
#include "tests/support/event_log_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/support/test_data.h"

namespace tdxvfs::event_log {
namespace {

using ::tdxvfs::testing::EventLogBuilder;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::ReadBytes;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TestDataFolder;
using Bytes = std::vector<std::uint8_t>;

Bytes Log(const std::string& name) {
  return ReadBytes(TestDataFolder() / "ccel" / name);
}

attest::TdReport QuotedReport(const std::string& quote) {
  const auto parsed =
      attest::ParseQuote(ReadBytes(TestDataFolder() / "quotes" / quote));
  return *parsed.value().td_report();
}

attest::TdReport GoogleReport() {
  return QuotedReport("v4-00806f050000-00b2526a-pad3065.bin");
}

using Texts = std::vector<std::string>;

// What the events of each kind say.
std::map<EventKind, Texts> Described(const EventLog& log) {
  std::map<EventKind, Texts> texts;
  for (const Event& event : log.events) {
    const EventDescription description = Describe(event).value();
    texts[description.kind].push_back(description.text);
  }
  return texts;
}

TEST(RealEventLogs, GooglesLogReplaysToItsQuote) {
  TDXVFS_NEEDS_TESTDATA();
  attest::Checks checks;
  ASSERT_OK_AND_ASSIGN(
      const EventLog log,
      ReadReplayed(Log("gcp-cos113-ccel_data.bin"), GoogleReport(), &checks));
  EXPECT_EQ(log.events.size(), 43U);
  EXPECT_EQ(log.size, 18101U);
  ASSERT_OK_AND_ASSIGN(const Registers registers, Replay(log));
  EXPECT_EQ(registers, GoogleReport().rtmr);
}

TEST(RealEventLogs, GooglesTableIsRead) {
  TDXVFS_NEEDS_TESTDATA();
  ASSERT_OK_AND_ASSIGN(const CcelTable table,
                       ParseCcelTable(Log("gcp-cos113-ccel_table.bin")));
  EXPECT_EQ(table.log_size, 256U * 1024);
}

TEST(RealEventLogs, GooglesKernelAndCommandLineAreNamed) {
  TDXVFS_NEEDS_TESTDATA();
  ASSERT_OK_AND_ASSIGN(const EventLog log,
                       ParseEventLog(Log("gcp-cos113-ccel_data.bin")));
  auto texts = Described(log);
  EXPECT_EQ(texts[EventKind::kKernel], Texts{"/syslinux/vmlinuz.A"});
  ASSERT_EQ(texts[EventKind::kCommandLine].size(), 1U);
  EXPECT_TRUE(texts[EventKind::kCommandLine][0].starts_with(
      "/syslinux/vmlinuz.A init=/usr/lib/systemd/systemd"));
  EXPECT_EQ(texts[EventKind::kBootApplication].size(), 2U);
  EXPECT_EQ(texts[EventKind::kFirmware].size(), 1U);
  EXPECT_EQ(texts[EventKind::kAcpi].size(), 3U);
  EXPECT_TRUE(texts[EventKind::kOther].empty());
  // GRUB hashed the very command line that it logged.
  EXPECT_TRUE(Describe(log.events[40]).value().verified);
}

TEST(RealEventLogs, LinuxStubsInitrdAndCommandLineAreNamed) {
  TDXVFS_NEEDS_TESTDATA();
  for (const auto& [name, events] : std::map<std::string, std::size_t>{
           {"trustee-grub-ccel.bin", 37}, {"trustee-ovmf-ccel.bin", 20}}) {
    ASSERT_OK_AND_ASSIGN(const EventLog log, ParseEventLog(Log(name)));
    EXPECT_EQ(log.events.size(), events) << name;
    auto texts = Described(log);
    EXPECT_EQ(texts[EventKind::kKernel].size(), 1U) << name;
    EXPECT_EQ(texts[EventKind::kInitrd].size(), 1U) << name;
    EXPECT_EQ(texts[EventKind::kCommandLine].size(), 1U) << name;
    EXPECT_TRUE(texts[EventKind::kOther].empty()) << name;
  }
}

TEST(RealEventLogs, ShimsPayloadIsTheKernel) {
  TDXVFS_NEEDS_TESTDATA();
  ASSERT_OK_AND_ASSIGN(const EventLog log,
                       ParseEventLog(Log("trustee-td-shim-ccel.bin")));
  EXPECT_EQ(log.events.size(), 5U);
  auto texts = Described(log);
  EXPECT_EQ(texts[EventKind::kKernel], Texts{"td_payload"});
  EXPECT_EQ(texts[EventKind::kCommandLine], Texts{"td_payload_info"});
}

// dstack hands out its log as JSON; written down as firmware does, it has to
// lead to the same registers.
TEST(RealEventLogs, DstacksEventsReplayToItsQuote) {
  TDXVFS_NEEDS_TESTDATA();
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  ASSERT_EQ(parser
                .load((TestDataFolder() / "ccel/dstack-cbdb5b2f-eventlog.json")
                          .string())
                .get(list),
            simdjson::SUCCESS);
  EventLogBuilder builder;
  builder.SpecId();
  for (const simdjson::dom::element item : list) {
    std::uint64_t imr = 0;
    std::uint64_t type = 0;
    std::string_view hex;
    ASSERT_EQ(item["imr"].get(imr), simdjson::SUCCESS);
    ASSERT_EQ(item["event_type"].get(type), simdjson::SUCCESS);
    ASSERT_EQ(item["digest"].get(hex), simdjson::SUCCESS);
    ASSERT_OK_AND_ASSIGN(const Bytes digest, FromHex(hex));
    Sha384Digest value{};
    std::copy(digest.begin(), digest.end(), value.begin());
    builder.Event(static_cast<std::uint32_t>(imr + 1),
                  static_cast<std::uint32_t>(type), value, {});
  }
  const attest::TdReport report =
      QuotedReport("v4-90c06f000000-cbdb5b2f-pad70.bin");
  ASSERT_OK_AND_ASSIGN(const EventLog log,
                       ReadReplayed(builder.bytes(), report, nullptr));
  EXPECT_EQ(Replay(log).value(), report.rtmr);
}

TEST(RealEventLogs, A11_ALogOfAnotherGuestIsRefused) {
  TDXVFS_NEEDS_TESTDATA();
  for (const char* name : {"trustee-grub-ccel.bin", "trustee-ovmf-ccel.bin",
                           "trustee-td-shim-ccel.bin"}) {
    EXPECT_THAT(ReadReplayed(Log(name), GoogleReport(), nullptr),
                Fails(Reason::kQuoteInvalid))
        << name;
  }
}

TEST(RealEventLogs, A9_NoTruncatedOrChangedLogReplays) {
  TDXVFS_NEEDS_TESTDATA();
  Bytes bytes = Log("gcp-cos113-ccel_data.bin");
  bytes.resize(18101);
  const attest::TdReport report = GoogleReport();
  ASSERT_THAT(ReadReplayed(bytes, report, nullptr), Succeeds());
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    EXPECT_THAT(ReadReplayed(std::span(bytes).first(size), report, nullptr),
                Fails(Reason::kQuoteInvalid))
        << size;
  }
  // The digest of the event at offset 65, bit by bit.
  for (std::size_t bit = 0; bit < std::size_t{8} * 48; ++bit) {
    Bytes changed = bytes;
    changed[65 + 14 + bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_THAT(ReadReplayed(changed, report, nullptr),
                Fails(Reason::kQuoteInvalid));
  }
}

}  // namespace
}  // namespace tdxvfs::event_log
