// SPDX-License-Identifier: Apache-2.0
#include "agent/event_log_file.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::agent {
namespace {

using testing::Fails;
using testing::TemporaryFolder;

class EventLogFileTest : public ::testing::Test {
 protected:
  Result<std::vector<std::uint8_t>> Read(const std::string& content) {
    std::ofstream(path(), std::ios::binary) << content;
    return ReadEventLog(path());
  }
  std::filesystem::path path() const { return folder_.path() / "CCEL"; }

  TemporaryFolder folder_;
};

TEST_F(EventLogFileTest, APlatformWithoutALogIsFine) {
  ASSERT_OK_AND_ASSIGN(const auto log, ReadEventLog(path()));
  EXPECT_TRUE(log.empty());
}

TEST_F(EventLogFileTest, FillIsCutOffButForFourKibibytes) {
  const std::string used(18'101, 'e');
  for (const char fill : {'\0', '\xff'}) {
    ASSERT_OK_AND_ASSIGN(const auto log,
                         Read(used + std::string(1'000'000, fill)));
    EXPECT_EQ(log.size(), used.size() + 4096);
  }
  ASSERT_OK_AND_ASSIGN(const auto whole, Read(used + std::string(10, '\xff')));
  EXPECT_EQ(whole.size(), used.size() + 10);
}

TEST_F(EventLogFileTest, ALogThatNoServerTakesIsNotSent) {
  EXPECT_THAT(Read(std::string(kMaxSentEventLog + 1, 'e')),
              Fails(Reason::kFileInvalid));
  EXPECT_THAT(Read(std::string((1U << 20U) + 1, 'e')),
              Fails(Reason::kFileInvalid));
}

}  // namespace
}  // namespace tdxvfs::agent
