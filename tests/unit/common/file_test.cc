// SPDX-License-Identifier: Apache-2.0
#include "common/file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/hex.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs {
namespace {

using std::filesystem::path;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TemporaryFolder;

constexpr std::size_t kLimit = 100;

class FileTest : public ::testing::Test {
 protected:
  path Written(const char* name, std::string_view content, mode_t mode) {
    path file = folder_.path() / name;
    EXPECT_THAT(WriteNewFile(file, AsBytes(content), mode), Succeeds());
    return file;
  }
  std::size_t FileCount() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder_.path()),
                      std::filesystem::directory_iterator()));
  }
  static mode_t ModeOf(const path& file) {
    struct stat status {};
    EXPECT_EQ(stat(file.c_str(), &status), 0);
    return status.st_mode & 07777U;
  }

  TemporaryFolder folder_;
};

TEST_F(FileTest, ReadsWhatWasWritten) {
  const std::string content("line\n\0byte", 10);
  ASSERT_OK_AND_ASSIGN(const std::string read,
                       ReadFile(Written("f", content, 0600), kLimit));
  EXPECT_EQ(read, content);
}

TEST_F(FileTest, WritesTheModeAskedForWhateverTheUmask) {
  const mode_t old = umask(0077);
  const path file = Written("f", "x", 0644);
  umask(old);
  EXPECT_EQ(ModeOf(file), 0644U);
}

TEST_F(FileTest, ReadsUpToTheLimitAndNoMore) {
  const path file = Written("f", std::string(kLimit, 'x'), 0600);
  EXPECT_THAT(ReadFile(file, kLimit), Succeeds());
  EXPECT_THAT(ReadFile(file, kLimit - 1), Fails(Reason::kFileInvalid));
}

TEST_F(FileTest, NamesAMissingFile) {
  const auto read = ReadFile(folder_.path() / "none", kLimit);
  EXPECT_THAT(read, Fails(Reason::kFileNotFound));
  EXPECT_NE(read.error().message().find("none"), std::string::npos);
  EXPECT_THAT(ReadConfigFile(folder_.path() / "none", kLimit),
              Fails(Reason::kConfigMissing));
  EXPECT_THAT(ReadSecretFile(folder_.path() / "none", kLimit),
              Fails(Reason::kFileNotFound));
}

TEST_F(FileTest, RefusesAFifoWithoutWaitingForItsWriter) {
  const path fifo = folder_.path() / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(ReadFile(fifo, kLimit), Fails(Reason::kFileInvalid));
  EXPECT_THAT(ReadConfigFile(fifo, kLimit), Fails(Reason::kConfigInvalid));
  EXPECT_THAT(ReadSecretFile(fifo, kLimit), Fails(Reason::kFileInvalid));
}

TEST_F(FileTest, RefusesAFolderAndADevice) {
  EXPECT_THAT(ReadFile(folder_.path(), kLimit), Fails(Reason::kFileInvalid));
  EXPECT_THAT(ReadFile("/dev/zero", kLimit), Fails(Reason::kFileInvalid));
}

TEST_F(FileTest, RefusesConfigurationThatOthersMayWrite) {
  for (const mode_t mode : {0660U, 0602U, 0666U}) {
    const path file = Written("f", "x", mode);
    EXPECT_THAT(ReadConfigFile(file, kLimit), Fails(Reason::kConfigInvalid))
        << std::oct << mode;
    std::filesystem::remove(file);
  }
  EXPECT_THAT(ReadConfigFile(Written("f", "x", 0644), kLimit), Succeeds());
}

TEST_F(FileTest, RefusesConfigurationOfAnotherUser) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "only root can give a file away";
  }
  const path file = Written("f", "x", 0644);
  ASSERT_EQ(chown(file.c_str(), 65534, 65534), 0);
  const auto read = ReadConfigFile(file, kLimit);
  EXPECT_THAT(read, Fails(Reason::kConfigInvalid));
  EXPECT_NE(read.error().message().find("65534"), std::string::npos);
}

TEST_F(FileTest, RefusesConfigurationThatIsTooLarge) {
  EXPECT_THAT(ReadConfigFile(Written("f", "xx", 0600), 1),
              Fails(Reason::kConfigInvalid));
}

TEST_F(FileTest, ReadsAPassphraseByteForByte) {
  ASSERT_OK_AND_ASSIGN(const Secret secret,
                       ReadSecretFile(Written("f", " a\n", 0600), kLimit));
  EXPECT_EQ(AsText(secret.Reveal()), " a\n");
}

TEST_F(FileTest, RefusesAnEmptyAndAnOversizedPassphrase) {
  EXPECT_THAT(ReadSecretFile(Written("e", "", 0600), kLimit),
              Fails(Reason::kFileInvalid));
  EXPECT_THAT(ReadSecretFile(Written("f", "12345", 0600), 4),
              Fails(Reason::kFileInvalid));
  EXPECT_THAT(ReadSecretFile(folder_.path() / "f", 5), Succeeds());
}

TEST_F(FileTest, NeverWritesOverAFileOrThroughALink) {
  const path file = Written("f", "old", 0600);
  const path link = folder_.path() / "link";
  std::filesystem::create_symlink(folder_.path() / "elsewhere", link);
  EXPECT_THAT(WriteNewFile(file, AsBytes("new"), 0600),
              Fails(Reason::kAlreadyExists));
  EXPECT_THAT(WriteNewFile(link, AsBytes("new"), 0600),
              Fails(Reason::kAlreadyExists));
  EXPECT_EQ(ReadFile(file, kLimit).value(), "old");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "elsewhere"));
}

TEST_F(FileTest, ReplacesAFileAndLeavesNoOther) {
  const path file = Written("f", "old", 0600);
  EXPECT_THAT(ReplaceFile(file, AsBytes("new"), 0640), Succeeds());
  EXPECT_EQ(ReadFile(file, kLimit).value(), "new");
  EXPECT_EQ(ModeOf(file), 0640U);
  EXPECT_EQ(FileCount(), 1U);
}

TEST_F(FileTest, SaysWhyItCannotWrite) {
  const path nowhere = folder_.path() / "no" / "f";
  EXPECT_THAT(WriteNewFile(nowhere, AsBytes("x"), 0600),
              Fails(Reason::kFileNotFound));
  EXPECT_THAT(ReplaceFile(nowhere, AsBytes("x"), 0600),
              Fails(Reason::kFileNotFound));
  EXPECT_THAT(WriteNewFile("/proc/tdxvfs", AsBytes("x"), 0600),
              Fails(Reason::kFileNotFound));
}

// A limit on the size of files answers a write as a full disk does: after
// part of the content has been written.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) {
    (void)signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limited{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limited);
  }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;
  ~SizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    (void)signal(SIGXFSZ, SIG_DFL);
  }

 private:
  rlimit old_{};
};

TEST_F(FileTest, LeavesNothingBehindWhenThereIsNoRoom) {
  const path kept = Written("kept", "old", 0600);
  const std::string large(10000, 'x');
  Result<void> created;
  Result<void> replaced;
  {
    const SizeLimit limit(4096);
    created = WriteNewFile(folder_.path() / "f", AsBytes(large), 0600);
    replaced = ReplaceFile(kept, AsBytes(large), 0600);
  }
  EXPECT_THAT(created, Fails(Reason::kNoSpace));
  EXPECT_THAT(replaced, Fails(Reason::kNoSpace));
  EXPECT_EQ(ReadFile(kept, kLimit).value(), "old");
  EXPECT_EQ(FileCount(), 1U);
}

}  // namespace
}  // namespace tdxvfs
