// SPDX-License-Identifier: Apache-2.0
// A log that was cut off or exchanged while the server was stopped, against the
// head that is kept elsewhere.
#include "keyserver/audit/kept_head.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "common/audit_key.h"
#include "common/audit_line.h"
#include "common/audit_mark.h"
#include "common/file.h"
#include "common/hex.h"
#include "keyserver/audit/audit_key_file.h"
#include "keyserver/audit/json_lines_audit_log.h"
#include "tests/fakes/fake_clock.h"
#include "tests/support/audit_log_files.h"
#include "tests/support/audit_log_text.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::keyserver {
namespace {

namespace fs = std::filesystem;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::FakeClock;
using ::tdxvfs::testing::LinesOf;
using ::tdxvfs::testing::LogPathsIn;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TemporaryFolder;
using ::testing::HasSubstr;

class KeptHeadTest : public ::testing::Test {
 protected:
  KeptHeadTest() {
    settings_.key_file = keys_.path() / "audit.key";
    settings_.reserve_bytes = 1 << 20;
    settings_.evidence.keep = false;
  }

  Result<std::unique_ptr<JsonLinesAuditLog>> Open() const {
    return JsonLinesAuditLog::Open(folder_.path(), settings_, &clock_);
  }
  fs::path Current() const { return folder_.path() / "audit.jsonl"; }
  std::string Text() const { return *ReadFile(Current(), 64 << 20); }
  void Write(std::string_view text) const {
    std::ofstream(Current(), std::ios::trunc) << text;
  }
  static void Append(JsonLinesAuditLog* log, int count) {
    AuditRecord record;
    record.volume = "data";
    record.released = true;
    for (int i = 0; i < count; ++i) {
      ASSERT_THAT(log->Append(record), Succeeds());
    }
  }
  // What the server does once a minute and at the end.
  void SignAndKeep(JsonLinesAuditLog* log) const {
    ASSERT_OK_AND_ASSIGN(const auto head, log->SignLast());
    ASSERT_TRUE(head.has_value());
    ASSERT_THAT(KeepHead(settings_.key_file, *head), Succeeds());
  }
  // What it does when it is stopped in order.
  void Stop(JsonLinesAuditLog* log) const {
    ASSERT_THAT(log->SignLast(), Succeeds());
    const auto head = log->Seal();
    ASSERT_TRUE(head.has_value());
    ASSERT_THAT(KeepLastHead(settings_.key_file, *head), Succeeds());
  }
  // A server that ran and was killed once its head was kept.
  void RunOnce(int count = 3) const {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    Append(log.get(), count);
    SignAndKeep(log.get());
  }
  void ExpectTampered(std::string_view words) const {
    const std::string before = fs::exists(Current()) ? Text() : "";
    const auto opened = Open();
    ASSERT_THAT(opened, Fails(Reason::kAuditTampered));
    EXPECT_THAT(opened.error().ToString(), HasSubstr(words));
    EXPECT_EQ(Text(), before) << "what was found stays as it is";
  }

  TemporaryFolder folder_;
  TemporaryFolder keys_;
  FakeClock clock_;
  AuditSettings settings_;
};

TEST_F(KeptHeadTest, ALogThatGoesOnIsWhole) {
  for (int run = 0; run < 3; ++run) {
    RunOnce();
  }
  EXPECT_THAT(Open(), Succeeds());
}

// Wherever the end is taken off: lines, a head with them, within a line.
TEST_F(KeptHeadTest, ALogThatWasCutOffIsRefusedByName) {
  RunOnce();
  const std::string whole = Text();
  const std::vector<std::string> lines = LinesOf(whole);
  std::string left;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    Write(left);
    ExpectTampered("cut off: it ends at line " + std::to_string(i));
    Write(left + lines[i].substr(0, lines[i].size() / 2));
    ExpectTampered("cut off");
    // Without its newline a line is not there either.
    Write(left + lines[i]);
    ExpectTampered("cut off");
    left += lines[i] + "\n";
  }
  ASSERT_EQ(left, whole);
  Write(whole);
  EXPECT_THAT(Open(), Succeeds());
  fs::remove(Current());
  ExpectTampered("ends at line 0");
}

TEST_F(KeptHeadTest, AnotherLogOfTheSameKeyIsRefused) {
  RunOnce();
  const std::string head = *ReadFile(KeptHeadFile(settings_.key_file), 4096);
  fs::remove(KeptHeadFile(settings_.key_file));
  fs::remove(Current());
  RunOnce(9);
  Write(Text());
  ASSERT_THAT(
      ReplaceFile(KeptHeadFile(settings_.key_file), AsBytes(head), 0600),
      Succeeds());
  ExpectTampered("is not the head that this server signed");
}

// A crash leaves lines that no head covers, and half a line: no loss.
TEST_F(KeptHeadTest, ACrashIsStillRecoveredFrom) {
  RunOnce();
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    Append(log.get(), 5);
  }
  std::ofstream(Current(), std::ios::app) << R"({"audit_id":"7f3c-9)";
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  EXPECT_THAT(Text(), HasSubstr("\"kind\":\"torn\""));
}

TEST_F(KeptHeadTest, FullFilesMayBeTakenAway) {
  settings_.rotate_bytes = 4000;
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    Append(log.get(), 10);
    SignAndKeep(log.get());
    Append(log.get(), 90);
  }
  const std::vector<fs::path> paths = LogPathsIn(folder_.path());
  ASSERT_GT(paths.size(), 3U);
  for (std::size_t i = 0; i + 1 < paths.size(); ++i) {
    fs::remove(paths[i]);
    EXPECT_THAT(Open(), Succeeds());
  }
}

// Numbers and links need no key, so that they prove nothing by themselves.
class ForgedLines : public KeptHeadTest {
 protected:
  // The kept head's number.
  std::uint64_t Kept() const {
    const std::string head = *ReadFile(KeptHeadFile(settings_.key_file), 4096);
    return audit::ReadLinkedLine(head.substr(0, head.find('\n')))
        ->position.sequence;
  }
  static std::string Linked(const std::string& json,
                            audit::Position* position) {
    return testing::Checked(audit::LinkLine(json, position)) + "\n";
  }
};

TEST_F(ForgedLines, BehindALineWithoutALinkAreNotBelieved) {
  RunOnce();
  const std::vector<std::string> lines = LinesOf(Text());
  audit::Position position{Kept(), {}};
  Write(lines[0] + "\n" + lines[1] + "\nno line of ours\n" +
        Linked(R"({"kind":"release"})", &position));
  ExpectTampered("a line without a link");
}

TEST_F(ForgedLines, AreNotTakenForWhatFullFilesLeft) {
  RunOnce();
  audit::Position position{Kept(), {}};
  Write(Linked(R"({"kind":"release"})", &position));
  ExpectTampered("does not begin with a file");
}

TEST_F(ForgedLines, UnderAHeadOfAnotherKeyAreRefused) {
  RunOnce();
  const auto other = testing::Checked(audit::SigningKey::Make());
  audit::Position position{Kept() + 1, {}};
  std::string text =
      Linked(audit::ToJson(audit::FileBegin{"7f3c", position}, clock_.Now()),
             &position);
  text += Linked(
      testing::Checked(audit::HeadJson(other, "7f3c", position, clock_.Now())),
      &position);
  Write(text);
  ExpectTampered("does not begin with a file");
}

// A server that crashed can have left lines behind the head; one that was
// stopped in order cannot.
TEST_F(ForgedLines, BehindTheLastHeadOfAServerThatWasStoppedAreRefused) {
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    Append(log.get(), 3);
    Stop(log.get());
  }
  const std::string whole = Text();
  audit::Position position =
      audit::ReadLinkedLine(LinesOf(whole).back())->position;
  Write(whole + Linked(R"({"kind":"release"})", &position));
  ExpectTampered("when it was stopped");
  Write(whole + "{\"kind\":");
  ExpectTampered("when it was stopped");
  Write(whole);
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    Append(log.get(), 3);
  }
  EXPECT_THAT(Open(), Succeeds()) << "killed since";
}

// Who can write the log's folder can also keep the server from starting.
TEST_F(ForgedLines, AreRefusedAfterAStartThatFailed) {
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    Append(log.get(), 3);
    Stop(log.get());
  }
  const std::string whole = Text();
  const fs::path reserve = folder_.path() / "audit.reserve";
  fs::remove(reserve);
  fs::create_directory(reserve);
  ASSERT_FALSE(Open().has_value());
  fs::remove(reserve);
  audit::Position position =
      audit::ReadLinkedLine(LinesOf(whole).back())->position;
  Write(whole + Linked(R"({"kind":"release"})", &position));
  ExpectTampered("when it was stopped");
}

TEST_F(ForgedLines, ThatDoNotFollowOnTheHeadAreRefused) {
  RunOnce();
  const std::string whole = Text();
  const std::string head = LinesOf(whole).back();
  Write(whole + head + "\n");
  ExpectTampered("does not follow on the line before it");
  audit::Position position{Kept(), {}};
  Write(whole + Linked(R"({"kind":"release"})", &position));
  ExpectTampered("does not follow on the line before it");
  const std::vector<std::string> lines = LinesOf(whole);
  std::string gap;
  for (const std::string& line : lines) {
    gap += line == lines[lines.size() - 2] ? "" : line + "\n";
  }
  Write(gap);
  ExpectTampered("does not follow on the line before it");
}

TEST_F(KeptHeadTest, AServerThatWasStoppedTakesNoMoreLines) {
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    Append(log.get(), 3);
    Stop(log.get());
    EXPECT_THAT(log->Append(AuditRecord()), Fails(Reason::kAuditUnavailable));
  }
  EXPECT_THAT(Open(), Succeeds());
}

TEST_F(KeptHeadTest, ServersThatOnlyStartAndStopLeaveAWholeLog) {
  RunOnce();
  for (int run = 0; run < 3; ++run) {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    Stop(log.get());
  }
  EXPECT_THAT(Open(), Succeeds());
}

// What is printed with the key.
TEST_F(KeptHeadTest, IsTheLastLineIfTheKeySignedIt) {
  const fs::path& file = settings_.key_file;
  RunOnce();
  const audit::PublicKey key =
      testing::Checked(LoadAuditKey(file)).public_key();
  const auto other = testing::Checked(audit::SigningKey::Make());
  EXPECT_EQ(testing::Checked(KeptHead(file, key)), LinesOf(Text()).back());
  EXPECT_EQ(testing::Checked(KeptHead(file, other.public_key())), std::nullopt);
  fs::remove(KeptHeadFile(file));
  EXPECT_EQ(testing::Checked(KeptHead(file, key)), std::nullopt);
  Write("{}");
  fs::copy_file(Current(), KeptHeadFile(file));
  EXPECT_THAT(KeptHead(file, key), Fails(Reason::kConfigInvalid));
}

TEST_F(KeptHeadTest, AFileThatIsNoHeadIsRefused) {
  RunOnce();
  for (const std::string text :
       {"", "\n", "head\n", "{\"seq\":3,\"link\":\"00\"}\n"}) {
    ASSERT_THAT(
        ReplaceFile(KeptHeadFile(settings_.key_file), AsBytes(text), 0600),
        Succeeds());
    EXPECT_THAT(Open(), Fails(Reason::kConfigInvalid)) << text;
  }
  fs::remove(KeptHeadFile(settings_.key_file));
  EXPECT_THAT(Open(), Succeeds());
}

}  // namespace
}  // namespace tdxvfs::keyserver
