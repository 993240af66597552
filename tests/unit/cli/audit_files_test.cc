// SPDX-License-Identifier: Apache-2.0
#include "cli/audit_files.h"

#include <sys/stat.h>

#include <fstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/audit_line.h"
#include "common/audit_mark.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::chrono::system_clock::time_point kTime{
    std::chrono::seconds(1'700'000'000)};

// A log of three files as a server writes it: lines 1 to 3, 4 to 6 and 7 to 8.
class AuditFolder : public ::testing::Test {
 protected:
  AuditFolder() : key_(*audit::SigningKey::Make()) {
    Add(audit::ToJson(audit::ChainBegin{"7f3c", key_.public_key().bytes(), 0,
                                        *Sha256(AsBytes(""))},
                      kTime));
    Head();
    Add(JsonObject().String("audit_id", "7f3c-1").Close());
    first_ = std::move(text_);
    NextFile();
    Add(JsonObject().String("audit_id", "7f3c-2").Close());
    second_ = std::move(text_);
    NextFile();
    third_ = text_;
  }
  void Add(std::string_view json) {
    text_ += *audit::LinkLine(json, &position_) + "\n";
  }
  void Head() { Add(*HeadJson(key_, "7f3c", position_, kTime)); }
  void NextFile() {
    text_.clear();
    Add(audit::ToJson(audit::FileBegin{"7f3c", position_}, kTime));
    Head();
  }

  fs::path At(const std::string& name) const { return folder_.path() / name; }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(At(name), std::ios::binary) << text;
  }
  // What is said against the folder; empty: nothing.
  std::string Judge(std::size_t files) const {
    audit::Check check({key_.public_key()}, true);
    EvidenceCheck evidence;
    const auto read = CheckAuditFolder(folder_.path(), check, evidence);
    EXPECT_THAT(read, testing::Succeeds());
    EXPECT_EQ(*read, files);
    const auto finding = check.Finish().finding;
    return finding.has_value() ? finding->file + ": " + finding->text : "";
  }

  const audit::SigningKey key_;
  testing::TemporaryFolder folder_;
  audit::Position position_;
  std::string text_, first_, second_, third_;
};

TEST_F(AuditFolder, FilesThatBearTheirLastNumbersHold) {
  Write("audit-000000000003.jsonl", first_);
  Write("audit-000000000006.jsonl", second_);
  Write("audit.jsonl", third_);
  EXPECT_EQ(Judge(3), "");
}

TEST_F(AuditFolder, AFileThatWasRenamedOrPutInIsFound) {
  Write("audit-000000000002.jsonl", first_);
  Write("audit-000000000006.jsonl", second_);
  Write("audit.jsonl", third_);
  EXPECT_THAT(Judge(3), HasSubstr("000002.jsonl: by its name the file ends "
                                  "with line 2 of the log"));
  fs::rename(At("audit-000000000002.jsonl"), At("audit-000000000003.jsonl"));
  EXPECT_EQ(Judge(3), "");
  Write("audit-000000000005.jsonl", "");
  EXPECT_THAT(Judge(4), HasSubstr("000005.jsonl: by its name"));
}

TEST_F(AuditFolder, AFileThatAServerFillsMeanwhileIsNotMissed) {
  const fs::path first = At("audit-000000000003.jsonl");
  ASSERT_EQ(mkfifo(first.c_str(), 0600), 0);
  Write("audit.jsonl", second_);
  std::thread server([&] {
    // Opens once the check has made its list and reads.
    std::ofstream pipe(first, std::ios::binary);
    fs::rename(At("audit.jsonl"), At("audit-000000000006.jsonl"));
    Write("audit.jsonl", third_);
    pipe << first_;
  });
  EXPECT_EQ(Judge(3), "");
  server.join();
}

}  // namespace
}  // namespace tdxvfs::cli
