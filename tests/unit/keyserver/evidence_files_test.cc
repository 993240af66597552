// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/evidence_files.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "keyserver/audit/evidence.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_data.h"

namespace tdxvfs::keyserver {
namespace {

using testing::Fails;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::TimeFromText;
using Bytes = std::vector<std::uint8_t>;

const auto kDay = TimeFromText("2026-11-21T12:00:00Z");

class EvidenceFilesTest : public ::testing::Test {
 protected:
  // A shelf of refusals holds 8 * 1000 bytes, one of releases 24 * 1000.
  std::unique_ptr<EvidenceFiles> Open() const {
    return EvidenceFiles::Open(folder(), {.days = 90, .max_bytes = 32'000})
        .value();
  }
  std::filesystem::path folder() const { return folder_.path() / "evidence"; }

  TemporaryFolder folder_;
};

TEST_F(EvidenceFilesTest, KeepsWhatItIsGivenAcrossARestart) {
  ASSERT_OK_AND_ASSIGN(const std::string first,
                       Open()->Keep(Bytes(100, 1), true, kDay));
  const auto files = Open();
  ASSERT_OK_AND_ASSIGN(const std::string second,
                       files->Keep(Bytes(50, 2), true, kDay));
  EXPECT_EQ(first, "release-2026-11-21-000000:0:100");
  // A power cut may have taken the end of the first run's file.
  EXPECT_EQ(second, "release-2026-11-21-000001:0:50");
  EXPECT_EQ(files->Read(first).value(), Bytes(100, 1));
  EXPECT_EQ(files->Read(second).value(), Bytes(50, 2));
}

TEST_F(EvidenceFilesTest, DropsWhatIsOlderThanItsDays) {
  const auto files = Open();
  ASSERT_OK_AND_ASSIGN(const std::string old,
                       files->Keep(Bytes(10, 1), true, kDay));
  ASSERT_THAT(files->Keep(Bytes(10, 2), true, kDay + std::chrono::days(90)),
              Succeeds());
  EXPECT_THAT(files->Read(old), Succeeds());
  ASSERT_THAT(files->Keep(Bytes(10, 3), true, kDay + std::chrono::days(91)),
              Succeeds());
  EXPECT_THAT(files->Read(old), Fails(Reason::kFileNotFound));
}

TEST_F(EvidenceFilesTest, A17_RefusalsNeverPushOutReleases) {
  const auto files = Open();
  ASSERT_OK_AND_ASSIGN(const std::string release,
                       files->Keep(Bytes(900, 1), true, kDay));
  ASSERT_OK_AND_ASSIGN(const std::string refusal,
                       files->Keep(Bytes(900, 2), false, kDay));
  for (int i = 0; i < 100; ++i) {
    ASSERT_THAT(files->Keep(Bytes(900, 3), false, kDay), Succeeds());
  }
  EXPECT_THAT(files->Read(release), Succeeds());
  EXPECT_THAT(files->Read(refusal), Fails(Reason::kFileNotFound));
  std::uintmax_t total = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    total += entry.file_size();
  }
  EXPECT_LE(total, 32'000U);
}

TEST_F(EvidenceFilesTest, WhatHasNoRoomIsNotKept) {
  EXPECT_THAT(Open()->Keep(Bytes(4000, 1), true, kDay),
              Fails(Reason::kAuditUnavailable));
}

TEST_F(EvidenceFilesTest, WhatWasCutOffIsNotTakenForDropped) {
  const auto files = Open();
  ASSERT_OK_AND_ASSIGN(const std::string place,
                       files->Keep(Bytes(100, 1), true, kDay));
  std::filesystem::resize_file(folder() / "release-2026-11-21-000000", 99);
  EXPECT_THAT(files->Read(place), Fails(Reason::kFileInvalid));
}

// Records say which bytes of a name are theirs.
TEST_F(EvidenceFilesTest, NoNameComesAgainAfterAClockThatWasAhead) {
  const auto files = Open();
  ASSERT_THAT(files->Keep(Bytes(900, 9), false, kDay + std::chrono::days(400)),
              Succeeds());
  ASSERT_OK_AND_ASSIGN(const std::string first,
                       files->Keep(Bytes(900, 1), false, kDay));
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(files->Keep(Bytes(900, 2), false, kDay), Succeeds());
  }
  EXPECT_THAT(files->Read(first), Fails(Reason::kFileNotFound));
}

// By hand, while the server runs.
TEST_F(EvidenceFilesTest, AFileThatWasRemovedOrMovedIsMadeAnew) {
  const auto files = Open();
  ASSERT_OK_AND_ASSIGN(const std::string first,
                       files->Keep(Bytes(10, 1), true, kDay));
  const auto file = folder() / "release-2026-11-21-000000";
  std::filesystem::remove(file);
  ASSERT_OK_AND_ASSIGN(const std::string second,
                       files->Keep(Bytes(20, 2), true, kDay));
  EXPECT_EQ(second, "release-2026-11-21-000000:0:20");
  EXPECT_EQ(files->Read(second).value(), Bytes(20, 2));
  std::filesystem::rename(file, folder() / "moved");
  ASSERT_OK_AND_ASSIGN(const std::string third,
                       files->Keep(Bytes(30, 3), true, kDay));
  EXPECT_EQ(files->Read(third).value(), Bytes(30, 3));
}

TEST_F(EvidenceFilesTest, PlacesLeadNowhereElse) {
  const auto files = Open();
  for (const char* place :
       {"", ":", "::", "a:0", "../audit:0:10", "/etc/passwd:0:10", "a:-1:10",
        "a:0:99999999", "a:x:1", "a:0:1 "}) {
    EXPECT_THAT(files->Read(place), Fails(Reason::kFileInvalid)) << place;
  }
  EXPECT_THAT(files->Read("release-2026-11-21-000000:0:1"),
              Fails(Reason::kFileNotFound));
}

TEST(Evidence, IsReadBackAsItWasWritten) {
  const ShownEvidence evidence = {.quote = Bytes(5000, 1),
                                  .event_log = Bytes(300, 2),
                                  .purpose = "OPEN",
                                  .nonce = Bytes(32, 3),
                                  .public_key = Bytes(32, 4),
                                  .volume = "data",
                                  .header_sha256 = Bytes(32, 5),
                                  .certificate_sha256 = Bytes(32, 6),
                                  .config_digest = Bytes(32, 7)};
  const Bytes bytes = SerializeEvidence(evidence);
  ASSERT_OK_AND_ASSIGN(const ShownEvidence read, ParseEvidence(bytes));
  EXPECT_EQ(SerializeEvidence(read), bytes);
  EXPECT_EQ(read.volume, "data");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(ParseEvidence(std::span(bytes).first(size)),
                Fails(Reason::kFileInvalid));
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_THAT(ParseEvidence(longer), Fails(Reason::kFileInvalid));
}

}  // namespace
}  // namespace tdxvfs::keyserver
