// SPDX-License-Identifier: Apache-2.0
// The hash chain of the audit log: over restarts, files, crashes, full disks.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/audit_check.h"
#include "common/file.h"
#include "keyserver/audit/audit_key_file.h"
#include "keyserver/audit/json_lines_audit_log.h"
#include "tests/fakes/fake_clock.h"
#include "tests/support/audit_log_files.h"
#include "tests/support/audit_log_text.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::CheckLog;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::FakeClock;
using ::tdxvfs::testing::LinesOf;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TemporaryFolder;
using ::testing::HasSubstr;

AuditRecord RecordOf(bool released) {
  AuditRecord record;
  record.volume = "data";
  record.released = released;
  record.reason = released ? "" : "refused-by-policy";
  record.peer = "ipv4:10.0.0.5:4711";
  record.time = std::chrono::system_clock::time_point(
      std::chrono::seconds(1'700'000'000));
  return record;
}

class AuditChainTest : public ::testing::Test {
 protected:
  AuditChainTest() {
    settings_.key_file = keys_.path() / "audit.key";
    settings_.reserve_bytes = 1 << 20;
    settings_.evidence.keep = false;
  }

  Result<std::unique_ptr<JsonLinesAuditLog>> Open() const {
    return JsonLinesAuditLog::Open(folder_.path(), settings_, &clock_);
  }
  std::filesystem::path Current() const {
    return folder_.path() / "audit.jsonl";
  }
  // Contents of the log's files, oldest first.
  std::vector<std::string> Files() const {
    return testing::LogFilesIn(folder_.path());
  }
  audit::PublicKey Key() const {
    return LoadAuditKey(settings_.key_file)->public_key();
  }
  audit::Verdict Judge() const { return CheckLog(Files(), {Key()}); }
  static std::string Words(const audit::Verdict& verdict) {
    return verdict.finding.has_value()
               ? verdict.finding->file + ":" +
                     std::to_string(verdict.finding->line) + ": " +
                     verdict.finding->text
               : "";
  }

  TemporaryFolder folder_;
  TemporaryFolder keys_;
  FakeClock clock_;
  AuditSettings settings_;
};

TEST_F(AuditChainTest, GoesOnOverRestartsAndEndsInAHead) {
  for (int run = 0; run < 3; ++run) {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    ASSERT_THAT(log->Append(RecordOf(true)), Succeeds());
    ASSERT_THAT(log->Append(RecordOf(false)), Succeeds());
    ASSERT_OK_AND_ASSIGN(const auto head, log->SignLast());
    ASSERT_TRUE(head.has_value());
    EXPECT_THAT(*head, HasSubstr("\"kind\":\"head\""));
    ASSERT_OK_AND_ASSIGN(const auto again, log->SignLast());
    EXPECT_FALSE(again.has_value());
  }
  const audit::Verdict verdict = Judge();
  EXPECT_EQ(Words(verdict), "");
  EXPECT_EQ(verdict.unsigned_lines, 0U);
  EXPECT_EQ(verdict.last, 2U + 3U * 3U);
}

TEST_F(AuditChainTest, SignsWhatWaitedAMinuteAndTellsTheHeadOnce) {
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  ASSERT_THAT(log->Append(RecordOf(true)), Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto early, log->Maintain());
  EXPECT_FALSE(early.has_value());
  clock_.Advance(std::chrono::minutes(1));
  ASSERT_OK_AND_ASSIGN(const auto head, log->Maintain());
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(*head, LinesOf(Files().back()).back());
  clock_.Advance(std::chrono::minutes(5));
  ASSERT_OK_AND_ASSIGN(const auto later, log->Maintain());
  EXPECT_FALSE(later.has_value());
  EXPECT_EQ(Words(Judge()), "");
}

TEST_F(AuditChainTest, ManyRecordsHaveHeadsBetweenThem) {
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  for (int i = 0; i < 400; ++i) {
    ASSERT_THAT(log->Append(RecordOf(true)), Succeeds());
  }
  const audit::Verdict verdict = Judge();
  EXPECT_EQ(Words(verdict), "");
  EXPECT_LT(verdict.unsigned_lines, 129U);
}

TEST_F(AuditChainTest, StartsAFileBySizeAndFindsRecordsInAll) {
  settings_.rotate_bytes = 2000;
  std::vector<std::string> ids;
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    for (int i = 0; i < 40; ++i) {
      ASSERT_OK_AND_ASSIGN(ids.emplace_back(), log->Append(RecordOf(true)));
    }
    EXPECT_GT(Files().size(), 3U);
    for (const std::string& id : ids) {
      EXPECT_THAT(log->Find(id), Succeeds()) << id;
    }
    ASSERT_OK_AND_ASSIGN(const auto list, log->List({}));
    EXPECT_EQ(list.records.size(), ids.size());
    EXPECT_EQ(list.damaged, 0U);
  }
  EXPECT_EQ(Words(Judge()), "");
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  ASSERT_OK_AND_ASSIGN(const std::string id, log->Append(RecordOf(true)));
  EXPECT_THAT(id, ::testing::EndsWith("-41"));
  EXPECT_EQ(Words(Judge()), "");
}

TEST_F(AuditChainTest, StartsAFileByAge) {
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  ASSERT_THAT(log->Append(RecordOf(true)), Succeeds());
  clock_.Advance(std::chrono::hours(24 * 31));
  ASSERT_THAT(log->Maintain(), Succeeds());
  EXPECT_EQ(Files().size(), 2U);
  ASSERT_THAT(log->Append(RecordOf(true)), Succeeds());
  EXPECT_EQ(Words(Judge()), "");
}

TEST_F(AuditChainTest, ACrashBetweenTwoFilesLosesNothing) {
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    ASSERT_THAT(log->Append(RecordOf(true)), Succeeds());
  }
  settings_.rotate_bytes = 1;
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    ASSERT_THAT(log->Maintain(), Succeeds());
  }
  // As after the first of two renames.
  const std::string next = Files().back();
  ASSERT_FALSE(next.empty());
  std::filesystem::rename(Current(), folder_.path() / "audit.jsonl.new");
  settings_.rotate_bytes = 1 << 20;
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  EXPECT_TRUE(Files().back().starts_with(next));
  ASSERT_OK_AND_ASSIGN(const std::string id, log->Append(RecordOf(true)));
  EXPECT_EQ(Words(Judge()), "");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "audit.jsonl.new"));
}

TEST_F(AuditChainTest, ALogOfAnOlderVersionIsBoundAndGoesOn) {
  std::string old;
  for (int i = 1; i < 4; ++i) {
    old +=
        ToJsonLine(RecordOf(true), AuditId{0x7f3c, 0}.ToString().substr(0, 5) +
                                       std::to_string(i)) +
        "\n";
  }
  std::ofstream(Current()) << old;
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    ASSERT_OK_AND_ASSIGN(const std::string id, log->Append(RecordOf(true)));
    EXPECT_EQ(id, "7f3c-4");
    EXPECT_THAT(log->Find("7f3c-2"), Succeeds());
  }
  const audit::Verdict verdict = Judge();
  EXPECT_EQ(Words(verdict), "");
  EXPECT_EQ(verdict.unlinked_bytes, old.size());
  std::string changed = Files().back();
  changed[changed.find("data")] = 'D';
  EXPECT_TRUE(CheckLog({changed}, {Key()}).finding.has_value());
}

TEST_F(AuditChainTest, LinesThatThisServerDidNotWriteStopItsStart) {
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    ASSERT_THAT(log->Append(RecordOf(true)), Succeeds());
  }
  std::ofstream(Current(), std::ios::app) << "{\"audit_id\":\"7f3c-9\"}\n";
  EXPECT_THAT(Open(), Fails(Reason::kAuditUnavailable));
}

TEST_F(AuditChainTest, AnotherKeyIsSaidInTheLogAndTheOldOneDoesNotDo) {
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    ASSERT_THAT(log->Append(RecordOf(true)), Succeeds());
  }
  const audit::PublicKey old = Key();
  std::filesystem::remove(settings_.key_file);
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    ASSERT_THAT(log->Append(RecordOf(true)), Succeeds());
  }
  EXPECT_THAT(Words(CheckLog(Files(), {old})), HasSubstr("not given"));
  const audit::Verdict both = CheckLog(Files(), {old, Key()});
  EXPECT_EQ(Words(both), "");
  EXPECT_EQ(both.key_changes, 1U);
}

TEST_F(AuditChainTest, TheKeyIsItsOwnersAlone) {
  ASSERT_THAT(Open(), Succeeds());
  const auto mode = std::filesystem::status(settings_.key_file).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read |
                      std::filesystem::perms::owner_write);
  std::filesystem::permissions(settings_.key_file,
                               mode | std::filesystem::perms::group_read);
  EXPECT_THAT(Open(), Fails(Reason::kConfigInvalid));
}

TEST_F(AuditChainTest, FiltersByPeerAndTime) {
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  AuditRecord later = RecordOf(false);
  later.time += std::chrono::hours(1);
  later.peer = "ipv6:%5B2001:db8::5%5D:4711";
  ASSERT_THAT(log->Append(RecordOf(true)), Succeeds());
  ASSERT_THAT(log->Append(later), Succeeds());
  const auto count = [&](const AuditFilter& filter) {
    return log->List(filter)->records.size();
  };
  EXPECT_EQ(count({.peer = "10.0.0.5"}), 1U);
  EXPECT_EQ(count({.peer = "10.0.0.5:4711"}), 1U);
  EXPECT_EQ(count({.peer = "ipv4:10.0.0.5:4711"}), 1U);
  EXPECT_EQ(count({.peer = "10.0.0.5:4712"}), 0U);
  EXPECT_EQ(count({.peer = "10.0.0"}), 0U);
  EXPECT_EQ(count({.peer = "2001:db8::5"}), 1U);
  EXPECT_EQ(count({.peer = "[2001:db8::5]:4711"}), 1U);
  EXPECT_EQ(count({.since = "2023-11-14T22:13:20.001Z"}), 1U);
  EXPECT_EQ(count({.since = "2023-11-14T22:13:20.000Z"}), 2U);
  EXPECT_EQ(count({.until = "2023-11-14T23:13:20.000Z"}), 1U);
}

TEST_F(AuditChainTest, ExportsEveryLineInPagesAlsoWhileFilesChange) {
  settings_.rotate_bytes = 4000;
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  for (int i = 0; i < 30; ++i) {
    ASSERT_THAT(log->Append(RecordOf(i % 2 == 0)), Succeeds());
  }
  std::string all;
  std::string next;
  do {
    ASSERT_OK_AND_ASSIGN(const AuditPage page, log->Export({}, next));
    for (const std::string& line : page.lines) {
      all += line + "\n";
    }
    next = page.next;
  } while (!next.empty());
  EXPECT_EQ(Words(CheckLog({all}, {Key()})), "");
  EXPECT_EQ(CheckLog({all}, {Key()}).last, Judge().last);
  ASSERT_OK_AND_ASSIGN(const AuditPage refusals,
                       log->Export({.reason = "refused-by-policy"}, ""));
  EXPECT_EQ(refusals.lines.size(), 15U);
  EXPECT_THAT(log->Export({}, "7"), Fails(Reason::kUsage));
  EXPECT_THAT(log->Export({}, "x:1"), Fails(Reason::kUsage));
}

// Appends from two threads and writes each id to a pipe once it was given,
// until it is killed.
void AppendForEver(JsonLinesAuditLog* log, int pipe) {
  const auto append = [log, pipe] {
    while (true) {
      const auto id = log->Append(RecordOf(true));
      const std::string line = id.has_value() ? *id + "\n" : "failed\n";
      if (write(pipe, line.data(), line.size()) < 0) {
        _exit(1);
      }
    }
  };
  std::thread other(append);
  append();
}

// Reads at least so many bytes, kills the writer, and reads the rest.
std::string KillAfter(int pipe, std::size_t bytes, pid_t writer) {
  std::string said;
  std::array<char, 256> block{};
  bool killed = false;
  while (true) {
    const ssize_t count = read(pipe, block.data(), block.size());
    if (count <= 0) {
      return said;
    }
    said.append(block.data(), static_cast<std::size_t>(count));
    if (!killed && said.size() >= bytes) {
      killed = kill(writer, SIGKILL) == 0;
    }
  }
}

TEST_F(AuditChainTest, KilledWhileWritingItKeepsWhatItSaid) {
  constexpr std::size_t rounds = 12;
  settings_.rotate_bytes = 30'000;
  std::set<std::string> said;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t writer = fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) {
      close(ends[0]);
      auto log = Open();
      if (!log.has_value()) {
        _exit(1);
      }
      AppendForEver(log->get(), ends[1]);
    }
    close(ends[1]);
    const std::string text = KillAfter(ends[0], 1 + 97 * round, writer);
    close(ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(writer, &status, 0), writer);
    ASSERT_TRUE(WIFSIGNALED(status));
    for (const std::string& id : LinesOf(text.substr(0, text.rfind('\n')))) {
      EXPECT_TRUE(said.insert(id).second) << id;
    }
  }
  ASSERT_OK_AND_ASSIGN(const auto log, Open());
  EXPECT_EQ(Words(Judge()), "");
  ASSERT_OK_AND_ASSIGN(const auto list, log->List({.limit = 1'000'000}));
  std::set<std::string> kept;
  for (const std::string& record : list.records) {
    kept.insert(ReadHead(record)->audit_id);
  }
  for (const std::string& id : said) {
    EXPECT_TRUE(kept.contains(id)) << id;
  }
  EXPECT_GT(said.size(), rounds);
}

TEST_F(AuditChainTest, ATornLineIsCutAndSaid) {
  {
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    ASSERT_THAT(log->Append(RecordOf(true)), Succeeds());
  }
  const std::string whole = Files().back();
  for (const std::size_t left : {std::size_t{1}, whole.size() / 9}) {
    const std::string before = Files().back();
    std::ofstream(Current(), std::ios::app) << whole.substr(0, left);
    EXPECT_THAT(Words(Judge()), HasSubstr("torn"));
    ASSERT_OK_AND_ASSIGN(const auto log, Open());
    EXPECT_THAT(Files().back(), ::testing::StartsWith(before));
  }
  EXPECT_EQ(Words(Judge()), "");
  EXPECT_EQ(Judge().torn, 2U);
}

constexpr int kSkipped = 77;

// The log's folder becomes a disk of 4 MiB of its own, in this process.
bool MountSmallDisk(const std::filesystem::path& folder) {
  const int spaces = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
  return unshare(spaces) == 0 &&
         mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=4m") == 0;
}

void FillUp(const std::string& filler) {
  const int file = open(filler.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const std::string block(4096, 'x');
  while (write(file, block.data(), block.size()) > 0) {
  }
  close(file);
}

// As FillTheDisk.
int UseUpReserve(JsonLinesAuditLog* log) {
  // More than what is left of the last block, so that the reserve gives way.
  for (int i = 0; i < 200; ++i) {
    if (!log->Append(RecordOf(true)).has_value()) {
      return 4;
    }
    if (log->Append(RecordOf(false)).has_value()) {
      return 5;
    }
  }
  // A server is ready as long as releases can be recorded, and no longer.
  if (!log->CheckHealth().has_value()) {
    return 8;
  }
  for (int i = 0; log->Append(RecordOf(true)).has_value(); ++i) {
    if (i == 100'000) {
      return 9;
    }
  }
  if (log->CheckHealth().has_value()) {
    return 10;
  }
  return 0;
}

// 0 when all is as it should be; else which step was not.
int FillTheDisk(const std::filesystem::path& folder,
                const AuditSettings& settings, const Clock* clock) {
  if (!MountSmallDisk(folder)) {
    return kSkipped;
  }
  auto log = JsonLinesAuditLog::Open(folder, settings, clock);
  if (!log.has_value() || !(*log)->Append(RecordOf(false)).has_value()) {
    return 2;
  }
  const std::string filler = folder / "filler";
  FillUp(filler);
  const auto refused = (*log)->Append(RecordOf(false));
  if (refused.has_value() ||
      refused.error().reason() != Reason::kAuditUnavailable) {
    return 3;
  }
  if (const int failed = UseUpReserve(log->get()); failed != 0) {
    return failed;
  }
  unlink(filler.c_str());
  if (!(*log)->CheckHealth().has_value() || !(*log)->Maintain().has_value() ||
      !(*log)->Append(RecordOf(false)).has_value()) {
    return 6;
  }
  const auto content = ReadFile(folder / "audit.jsonl", 64 << 20);
  const auto verdict =
      CheckLog({*content}, {LoadAuditKey(settings.key_file)->public_key()});
  return verdict.finding.has_value() ? 7 : 0;
}

TEST_F(AuditChainTest, A17_AFullDiskRecordsReleasesFromTheReserve) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    _exit(FillTheDisk(folder_.path(), settings_, &clock_));
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kSkipped) {
    GTEST_SKIP() << "no mount namespaces here";
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace tdxvfs::keyserver
