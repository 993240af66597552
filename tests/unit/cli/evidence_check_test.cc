// SPDX-License-Identifier: Apache-2.0
#include "cli/evidence_check.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/hex.h"
#include "common/json_text.h"
#include "common/sha256.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::cli {
namespace {

namespace fs = std::filesystem;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr const char* kMonday = "release-2026-11-23-000000";
constexpr const char* kTuesday = "release-2026-11-24-000000";

// A record of evidence that lies at `place`.
std::string RecordOf(const std::string& shown, const std::string& place) {
  return JsonObject()
      .String("audit_id", "7f3c-1")
      .String("evidence_sha256", ToHex(*Sha256(AsBytes(shown))))
      .String("evidence_at", place)
      .Close();
}

class EvidenceCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(folder());
    Write(kMonday, "firstsecond");
    Write(kTuesday, "third");
  }
  fs::path folder() const { return folder_.path() / "evidence"; }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder() / name, std::ios::binary) << text;
  }
  // What a log says that has all three.
  EvidenceCount Judge() const {
    EvidenceCheck check;
    check.InFolderOf(folder_.path() / "audit.jsonl");
    for (const std::string& line :
         {std::string(R"({"kind":"chain","seq":1})"),
          RecordOf("first", std::string(kMonday) + ":0:5"),
          RecordOf("third", std::string(kTuesday) + ":0:5"),
          RecordOf("second", std::string(kMonday) + ":5:6")}) {
      EXPECT_THAT(check.Line(line), Succeeds());
    }
    return check.count();
  }

  testing::TemporaryFolder folder_;
};

TEST_F(EvidenceCheckTest, CountsWhatIsThere) {
  const EvidenceCount count = Judge();
  EXPECT_EQ(count.noted, 3U);
  EXPECT_EQ(count.there, 3U);
  EXPECT_EQ(count.wrong, 0U);
}

TEST_F(EvidenceCheckTest, AChangedByteIsFound) {
  Write(kMonday, "firstsecone");
  const EvidenceCount count = Judge();
  EXPECT_EQ(count.there, 2U);
  EXPECT_EQ(count.wrong, 1U);
  EXPECT_THAT(count.first_file, EndsWith(kMonday));
  EXPECT_EQ(count.first, "of 7f3c-1: not what the guest showed");
}

TEST_F(EvidenceCheckTest, FilesThatWereSwappedAreFound) {
  Write(kMonday, "thirdsecond");
  Write(kTuesday, "first");
  EXPECT_EQ(Judge().wrong, 2U);
}

TEST_F(EvidenceCheckTest, AFileThatWasCutOffIsFound) {
  Write(kMonday, "firstsecon");
  EXPECT_THAT(Judge().first, HasSubstr("cut off"));
  Write(kMonday, "");
  EXPECT_EQ(Judge().wrong, 2U);
}

TEST_F(EvidenceCheckTest, TheOldestFilesMayBeGone) {
  fs::remove(folder() / kMonday);
  EvidenceCount count = Judge();
  EXPECT_EQ(count.wrong, 0U);
  EXPECT_EQ(count.there, 1U);
  fs::remove_all(folder());
  count = Judge();
  EXPECT_EQ(count.wrong, 0U);
  EXPECT_EQ(count.noted, 3U);
  EXPECT_EQ(count.there, 0U);
}

TEST_F(EvidenceCheckTest, AFileIsMissedWhileAnOlderOneOfItsKindIsThere) {
  fs::remove(folder() / kMonday);
  Write("refusal-2026-11-01-000000", "of another kind");
  EXPECT_EQ(Judge().wrong, 0U);
  Write("release-2026-11-01-000000", "older");
  EXPECT_EQ(Judge().wrong, 2U);
  EXPECT_THAT(Judge().first, HasSubstr("gone, though an older one is there"));
}

TEST_F(EvidenceCheckTest, NoPlaceLeadsOutOfTheFolder) {
  EvidenceCheck check;
  check.InFolderOf(folder_.path() / "audit.jsonl");
  EXPECT_THAT(check.Line(RecordOf("first", "../evidence:0:5")), Succeeds());
  EXPECT_EQ(check.count().wrong, 1U);
}

TEST_F(EvidenceCheckTest, WaitsForNobodyBehindAPipeOrLink) {
  fs::remove(folder() / kMonday);
  fs::create_symlink(kTuesday, folder() / kMonday);
  EvidenceCheck check;
  check.InFolderOf(folder_.path() / "audit.jsonl");
  const std::string line = RecordOf("first", std::string(kMonday) + ":0:5");
  EXPECT_THAT(check.Line(line), Fails(Reason::kFileUnreadable));
  fs::remove(folder() / kMonday);
  ASSERT_EQ(mkfifo((folder() / kMonday).c_str(), 0600), 0);
  EXPECT_THAT(check.Line(line), Fails(Reason::kFileUnreadable));
}

}  // namespace
}  // namespace tdxvfs::cli
