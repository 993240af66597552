// SPDX-License-Identifier: Apache-2.0
#include "common/log.h"

#include <fcntl.h>
#include <pty.h>
#include <simdjson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/unique_fd.h"
#include "tests/support/result_matchers.h"

namespace {

std::vector<std::string>& JournalFields() {
  static std::vector<std::string> fields;
  return fields;
}

}  // namespace

// Takes the place of libsystemd's function in this program, so that what would
// reach the journal can be looked at on machines that have none.
extern "C" int sd_journal_sendv(const iovec* vectors, int count) {
  JournalFields().clear();
  for (int i = 0; i < count; ++i) {
    JournalFields().emplace_back(static_cast<const char*>(vectors[i].iov_base),
                                 vectors[i].iov_len);
  }
  return 0;
}

namespace tdxvfs {
namespace {

using ::tdxvfs::testing::Fails;
using ::testing::Contains;
using ::testing::HasSubstr;

const LogFields kFields{.volume = "data",
                        .reason = "quote-invalid",
                        .audit_id = "7f3c-91",
                        .peer = "[::1]:4711"};

// Standard error goes to another descriptor while this lives.
class StandardErrorAt {
 public:
  explicit StandardErrorAt(int descriptor)
      : saved_(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    dup2(descriptor, STDERR_FILENO);
  }
  StandardErrorAt(const StandardErrorAt&) = delete;
  StandardErrorAt& operator=(const StandardErrorAt&) = delete;
  ~StandardErrorAt() { dup2(saved_.get(), STDERR_FILENO); }

 private:
  UniqueFd saved_;
};

TEST(Log, IsOneJsonObjectALineWhenNotOnATerminal) {
  ::testing::internal::CaptureStderr();
  StartLog("tdxvfs-agent", LogLevel::kInfo);
  Log(LogLevel::kWarning, Event::kRefused, "line one\n\"two\" \xff", kFields);
  Log(LogLevel::kInfo, Event::kUnlocked, "bare");
  const std::string lines = ::testing::internal::GetCapturedStderr();

  const std::size_t end = lines.find('\n');
  ASSERT_NE(end, std::string::npos);
  simdjson::dom::parser parser;
  simdjson::dom::object first;
  ASSERT_EQ(parser.parse(lines.substr(0, end)).get(first), simdjson::SUCCESS)
      << lines;
  EXPECT_EQ(std::string_view(first["level"]), "warning");
  EXPECT_EQ(std::string_view(first["event"]), "refused");
  EXPECT_EQ(std::string_view(first["volume"]), "data");
  EXPECT_EQ(std::string_view(first["reason"]), "quote-invalid");
  EXPECT_EQ(std::string_view(first["audit_id"]), "7f3c-91");
  EXPECT_EQ(std::string_view(first["peer"]), "[::1]:4711");
  EXPECT_EQ(std::string_view(first["message"]),
            "line one\n\"two\" \xef\xbf\xbd");

  simdjson::dom::object second;
  ASSERT_EQ(parser.parse(lines.substr(end + 1)).get(second), simdjson::SUCCESS);
  EXPECT_EQ(second.size(), 4U) << "empty fields are left out";
}

TEST(Log, KeepsQuietAboveItsLevel) {
  ::testing::internal::CaptureStderr();
  StartLog("tdxvfs-agent", LogLevel::kWarning);
  Log(LogLevel::kInfo, Event::kUnlocked, "not said");
  Log(LogLevel::kDebug, Event::kUnlocked, "not said");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(Log, IsOneLineOfTextOnATerminal) {
  int controller = -1;
  int terminal = -1;
  ASSERT_EQ(openpty(&controller, &terminal, nullptr, nullptr, nullptr), 0);
  const UniqueFd controller_end(controller);
  const UniqueFd terminal_end(terminal);
  {
    const StandardErrorAt redirected(terminal);
    StartLog("tdxvfs-agent", LogLevel::kInfo);
    Log(LogLevel::kError, Event::kLockFailed, "it is \x1b[31mbusy\nreally",
        {.volume = "data"});
  }
  std::string text(4096, '\0');
  const ssize_t size = read(controller, text.data(), text.size());
  ASSERT_GT(size, 0);
  text.resize(static_cast<std::size_t>(size));
  EXPECT_EQ(text,
            "tdxvfs-agent: error: it is \\x1b[31mbusy\\x0areally "
            "(event=lock-failed volume=data)\r\n");
}

TEST(Log, HasFieldsOfItsOwnInTheJournal) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  struct stat status {};
  ASSERT_EQ(fstat(writer.get(), &status), 0);
  {
    const StandardErrorAt redirected(writer.get());
    setenv("JOURNAL_STREAM",
           (std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino))
               .c_str(),
           1);
    StartLog("tdxvfs-keyserver", LogLevel::kInfo);
    unsetenv("JOURNAL_STREAM");
    Log(LogLevel::kWarning, Event::kRefused, "no", kFields);
  }
  for (const char* field :
       {"MESSAGE=no", "PRIORITY=4", "SYSLOG_IDENTIFIER=tdxvfs-keyserver",
        "TDXVFS_EVENT=refused", "TDXVFS_VOLUME=data",
        "TDXVFS_REASON=quote-invalid", "TDXVFS_AUDIT_ID=7f3c-91",
        "TDXVFS_PEER=[::1]:4711"}) {
    EXPECT_THAT(JournalFields(), Contains(field));
  }
}

TEST(Log, IgnoresAJournalThatStandardErrorDoesNotLeadTo) {
  JournalFields().clear();
  setenv("JOURNAL_STREAM", "1:1", 1);
  ::testing::internal::CaptureStderr();
  StartLog("tdxvfs-agent", LogLevel::kInfo);
  unsetenv("JOURNAL_STREAM");
  Log(LogLevel::kInfo, Event::kLocked, "said here");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("said here"));
  EXPECT_TRUE(JournalFields().empty());
}

TEST(LogLevelText, TakesFourWords) {
  EXPECT_EQ(ParseLogLevel("error").value(), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("warning").value(), LogLevel::kWarning);
  EXPECT_EQ(ParseLogLevel("info").value(), LogLevel::kInfo);
  EXPECT_EQ(ParseLogLevel("debug").value(), LogLevel::kDebug);
  EXPECT_THAT(ParseLogLevel("Info"), Fails(Reason::kUsage));
  EXPECT_THAT(ParseLogLevel(""), Fails(Reason::kUsage));
}

}  // namespace
}  // namespace tdxvfs
