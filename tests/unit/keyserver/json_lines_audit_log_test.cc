// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/json_lines_audit_log.h"

#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/file.h"
#include "tests/fakes/fake_clock.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::FakeClock;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TemporaryFolder;
using ::testing::HasSubstr;

AuditRecord RefusalOf(const std::string& volume) {
  AuditRecord record;
  record.volume = volume;
  record.reason = "refused-by-policy";
  record.detail = "the volume is unknown";
  record.checks = {{"rtmr1", "aa", "bb", false, "policy"}};
  return record;
}

class AuditLogTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<JsonLinesAuditLog>> Open() const {
    return Open(AuditSettings{});
  }
  Result<std::unique_ptr<JsonLinesAuditLog>> Open(
      AuditSettings settings) const {
    settings.key_file = keys_.path() / "audit.key";
    settings.reserve_bytes = 1 << 20;
    return JsonLinesAuditLog::Open(folder_.path(), settings, &clock_);
  }
  std::filesystem::path path() const { return folder_.path() / "audit.jsonl"; }
  std::string Content() const { return std::move(*ReadFile(path(), 16 << 20)); }

  // The lines of decisions and outcomes.
  std::vector<std::string> Records() const {
    std::vector<std::string> records;
    std::ifstream lines(path());
    std::string line;
    while (std::getline(lines, line)) {
      if (ReadHead(line).has_value()) {
        records.push_back(line);
      }
    }
    return records;
  }

  TemporaryFolder folder_;
  TemporaryFolder keys_;
  FakeClock clock_;
};

TEST_F(AuditLogTest, GivesIdsThatGoOnAfterARestart) {
  std::string first;
  std::string second;
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    ASSERT_OK_AND_ASSIGN(first, log->Append(RefusalOf("data")));
  }
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    ASSERT_OK_AND_ASSIGN(second, log->Append(RefusalOf("data")));
  }
  EXPECT_THAT(first, ::testing::MatchesRegex("[0-9a-f]{4}-1"));
  EXPECT_EQ(second, first.substr(0, 5) + "2");
}

TEST_F(AuditLogTest, CutsALineThatACrashTore) {
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    ASSERT_THAT(log->Append(RefusalOf("data")), Succeeds());
  }
  const std::string whole = Content();
  std::ofstream(path(), std::ios::app) << R"({"audit_id":"0000-9","ti)";
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  EXPECT_THAT(Content(), ::testing::StartsWith(whole));
  EXPECT_THAT(Content(), HasSubstr("\"kind\":\"torn\",\"bytes\":24,"));
  EXPECT_THAT(Content(), ::testing::Not(HasSubstr("0000-9")));
  ASSERT_OK_AND_ASSIGN(const std::string id, log->Append(RefusalOf("data")));
  EXPECT_TRUE(id.ends_with("-2"));
}

TEST_F(AuditLogTest, FindsADecisionWithItsOutcome) {
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  AuditRecord release = RefusalOf("data");
  release.released = true;
  release.reason.clear();
  release.version = 3;
  ASSERT_OK_AND_ASSIGN(const std::string id, log->Append(release));
  ASSERT_THAT(log->Append(OutcomeRecord{{}, id, "data", "opened", "", ""}),
              Succeeds());
  ASSERT_OK_AND_ASSIGN(const std::string found, log->Find(id));
  EXPECT_THAT(found, HasSubstr("\"kind\":\"release\""));
  EXPECT_THAT(found, HasSubstr("\"version\":3"));
  EXPECT_THAT(found, HasSubstr("\"outcome\":{"));
  EXPECT_THAT(found, HasSubstr("\"result\":\"opened\""));
  EXPECT_THAT(log->Find("0000-77"), Fails(Reason::kAuditUnknown));
}

AuditRecord GenuineRelease() {
  AuditRecord record = RefusalOf("data");
  record.released = true;
  record.evidence = ShownEvidence{.quote = std::vector<std::uint8_t>(5000, 1),
                                  .event_log = {'l', 'o', 'g'},
                                  .purpose = "OPEN",
                                  .nonce = std::vector<std::uint8_t>(32, 3),
                                  .public_key = {4},
                                  .volume = "data",
                                  .header_sha256 = {5},
                                  .certificate_sha256 = {6},
                                  .config_digest = {7}};
  return record;
}

// Nobody would find what went into it.
TEST_F(AuditLogTest, AFileThatWasRemovedOrReplacedTakesNoRecord) {
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  const auto aside = folder_.path() / "aside";
  std::filesystem::rename(path(), aside);
  EXPECT_THAT(log->Append(GenuineRelease()), Fails(Reason::kAuditUnavailable));
  EXPECT_THAT(log->CheckHealth(), Fails(Reason::kAuditUnavailable));
  std::filesystem::copy_file(aside, path());
  EXPECT_THAT(log->Append(GenuineRelease()), Fails(Reason::kAuditUnavailable));
  EXPECT_THAT(log->CheckHealth(), Fails(Reason::kAuditUnavailable));
  std::filesystem::rename(aside, path());
  EXPECT_THAT(log->CheckHealth(), Succeeds());
  EXPECT_THAT(log->Append(GenuineRelease()), Succeeds());
  EXPECT_EQ(Records().size(), 1U);
}

// More than any disk has twice.
TEST_F(AuditLogTest, TellsADiskThatHasNoRoomForTheReserve) {
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    EXPECT_EQ(log->DiskShortage(), std::nullopt);
  }
  AuditSettings settings;
  settings.key_file = keys_.path() / "audit.key";
  settings.reserve_bytes = std::uint64_t{1} << 60U;
  ASSERT_OK_AND_ASSIGN(const auto log, JsonLinesAuditLog::Open(
                                           folder_.path(), settings, &clock_));
  EXPECT_THAT(log->CheckHealth(), Succeeds());
  EXPECT_THAT(log->DiskShortage().value_or(""),
              HasSubstr("MiB free; until it has 2199023255552 MiB, nothing is "
                        "kept back for releases"));
  EXPECT_THAT(log->Append(RefusalOf("data")), Fails(Reason::kAuditUnavailable));
  EXPECT_THAT(log->Append(GenuineRelease()), Succeeds());
}

TEST_F(AuditLogTest, ShowsTheEvidenceOfADecisionWhileItIsKept) {
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  ASSERT_OK_AND_ASSIGN(const std::string id, log->Append(GenuineRelease()));
  ASSERT_OK_AND_ASSIGN(const std::string kept, log->Find(id));
  EXPECT_THAT(kept, HasSubstr("\"evidence\":\"kept\""));
  EXPECT_THAT(kept, HasSubstr("\"quote\":\"AQEB"));
  EXPECT_THAT(kept, HasSubstr("\"event_log\":\"bG9n\""));
  EXPECT_THAT(kept, HasSubstr("\"nonce\":\"0303"));
  EXPECT_THAT(Content(), ::testing::Not(HasSubstr("AQEB")));

  const auto file = folder_.path() / "evidence" / "release-1970-01-01-000000";
  std::fstream(file, std::ios::in | std::ios::out).seekp(30) << "x";
  ASSERT_OK_AND_ASSIGN(const std::string damaged, log->Find(id));
  EXPECT_THAT(damaged, HasSubstr("\"evidence\":\"damaged\""));
  EXPECT_THAT(damaged, ::testing::Not(HasSubstr("\"quote\":")));

  std::filesystem::remove(file);
  ASSERT_OK_AND_ASSIGN(const std::string dropped, log->Find(id));
  EXPECT_THAT(dropped, HasSubstr("\"evidence\":\"dropped\""));
  EXPECT_THAT(dropped, HasSubstr("\"evidence_sha256\":\""));
}

TEST_F(AuditLogTest, KeepsOnlyTheDigestWhenSwitchedOffOrTooLarge) {
  {
    AuditSettings settings;
    settings.evidence.keep = false;
    ASSERT_OK_AND_ASSIGN(const auto log, Open(settings));
    ASSERT_OK_AND_ASSIGN(const std::string id, log->Append(GenuineRelease()));
    ASSERT_OK_AND_ASSIGN(const std::string found, log->Find(id));
    EXPECT_THAT(found, HasSubstr("\"evidence_sha256\":\""));
    EXPECT_THAT(found, ::testing::Not(HasSubstr("\"evidence_at\"")));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "evidence"));
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  AuditRecord record = GenuineRelease();
  record.evidence->quote.resize(kMaxKeptEvidence);
  ASSERT_OK_AND_ASSIGN(const std::string id, log->Append(record));
  ASSERT_OK_AND_ASSIGN(const std::string found, log->Find(id));
  EXPECT_THAT(found, HasSubstr("\"evidence_sha256\":\""));
  EXPECT_THAT(found, ::testing::Not(HasSubstr("\"evidence_at\"")));
}

TEST_F(AuditLogTest, A17_WithoutEvidenceNothingIsKept) {
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  ASSERT_OK_AND_ASSIGN(const std::string id, log->Append(RefusalOf("data")));
  ASSERT_OK_AND_ASSIGN(const std::string found, log->Find(id));
  EXPECT_THAT(found, ::testing::Not(HasSubstr("evidence")));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "evidence"));
}

TEST_F(AuditLogTest, ListsTheNewestThatMatchOldestFirst) {
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  std::vector<std::string> ids;
  for (const char* volume : {"a", "b", "a", "a"}) {
    ASSERT_OK_AND_ASSIGN(ids.emplace_back(), log->Append(RefusalOf(volume)));
  }
  ASSERT_OK_AND_ASSIGN(const auto all, log->List({}));
  EXPECT_EQ(all.records.size(), 4U);
  ASSERT_OK_AND_ASSIGN(const auto some, log->List({"a", "", 2}));
  ASSERT_EQ(some.records.size(), 2U);
  EXPECT_THAT(some.records[0], HasSubstr(ids[2]));
  EXPECT_THAT(some.records[1], HasSubstr(ids[3]));
  ASSERT_OK_AND_ASSIGN(const auto none, log->List({"", "quote-invalid", 10}));
  EXPECT_TRUE(none.records.empty());
  EXPECT_EQ(all.damaged, 0U);
}

TEST_F(AuditLogTest, EscapesWhatPeersSend) {
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  AuditRecord record = RefusalOf("data");
  record.agent_version = "1\",\"kind\":\"release\"\n{";
  ASSERT_OK_AND_ASSIGN(const std::string id, log->Append(record));
  ASSERT_OK_AND_ASSIGN(const std::string found, log->Find(id));
  EXPECT_THAT(found, HasSubstr("\"kind\":\"refusal\""));
  EXPECT_EQ(found.find('\n'), std::string::npos);
}

TEST_F(AuditLogTest, NumbersConcurrentAppendsInTheOrderOfTheFile) {
  constexpr int thread_count = 8;
  constexpr int appends_each = 25;
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    std::vector<std::thread> threads;
    threads.reserve(thread_count);
    for (int i = 0; i < thread_count; ++i) {
      threads.emplace_back([&log] {
        for (int j = 0; j < appends_each; ++j) {
          EXPECT_THAT(log->Append(RefusalOf("data")), Succeeds());
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
  std::uint64_t expected = 1;
  for (const std::string& line : Records()) {
    EXPECT_EQ(AuditId::Parse(ReadHead(line)->audit_id)->sequence, expected++);
  }
  EXPECT_EQ(expected, thread_count * appends_each + 1U);
}

TEST_F(AuditLogTest, AFullDiskKeepsNothingOfTheRecordAndRecovers) {
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  ASSERT_THAT(log->Append(RefusalOf("data")), Succeeds());
  const std::string before = Content();
  // A limit on the file's size fails a write in its middle, as a full disk
  // does.
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  rlimit small = old_limit;
  small.rlim_cur = before.size() + 10;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_THAT(log->Append(RefusalOf("data")), Fails(Reason::kAuditUnavailable));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  ASSERT_NE(std::signal(SIGXFSZ, old_handler), SIG_ERR);
  EXPECT_EQ(Content(), before);
  EXPECT_THAT(log->Append(RefusalOf("data")), Succeeds());
}

TEST_F(AuditLogTest, IsHeldByOneServerAtATime) {
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  EXPECT_THAT(Open(), Fails(Reason::kAuditUnavailable));
}

TEST(AuditId, IsFourDigitsAndANumber) {
  EXPECT_EQ((AuditId{0x7f3c, 91}.ToString()), "7f3c-91");
  ASSERT_TRUE(AuditId::Parse("00aa-18446744073709551615").has_value());
  for (const char* wrong : {"", "7f3c", "7f3c-", "7F3C-1", "7f3c-01", "7f3-1",
                            "7f3c-1x", "7f3c--1", "x7f3c-1"}) {
    EXPECT_FALSE(AuditId::Parse(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace tdxvfs::keyserver
