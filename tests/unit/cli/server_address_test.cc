// SPDX-License-Identifier: Apache-2.0
#include "cli/server_address.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace tdxvfs::cli {
namespace {

using testing::Fails;

// A home folder of its own and no TDXVFS_SERVER.
class FindAdminSocketTest : public ::testing::Test {
 protected:
  FindAdminSocketTest() {
    std::string pattern = ::testing::TempDir() + "tdxvfs-home-XXXXXX";
    home_ = mkdtemp(pattern.data());
    setenv("HOME", home_.c_str(), 1);
    unsetenv("TDXVFS_SERVER");
  }
  ~FindAdminSocketTest() override { std::filesystem::remove_all(home_); }

  void WriteConfig(const std::string& text, mode_t mode = 0600) {
    const auto folder = home_ / ".config/tdxvfs";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "config.toml") << text;
    chmod((folder / "config.toml").c_str(), mode);
  }

  std::filesystem::path home_;
};

TEST_F(FindAdminSocketTest, IsTheLocalOneWhenNothingSaysOtherwise) {
  ASSERT_OK_AND_ASSIGN(const auto socket, FindAdminSocket(""));
  EXPECT_EQ(socket, "/run/tdxvfs/admin.sock");
}

TEST_F(FindAdminSocketTest, OptionWinsOverVariableWinsOverFile) {
  WriteConfig("server = \"unix:/from/file\"\n");
  EXPECT_EQ(FindAdminSocket("").value(), "/from/file");
  setenv("TDXVFS_SERVER", "/from/variable", 1);
  EXPECT_EQ(FindAdminSocket("").value(), "/from/variable");
  EXPECT_EQ(FindAdminSocket("unix:/from/option").value(), "/from/option");
  unsetenv("TDXVFS_SERVER");
}

TEST_F(FindAdminSocketTest, NamesTheLineOfAnUnknownKey) {
  WriteConfig("# ours\n\nservers = \"/x\"\n");
  const auto found = FindAdminSocket("");
  ASSERT_THAT(found, Fails(Reason::kConfigInvalid));
  EXPECT_EQ(found.error().message(),
            "file '" + (home_ / ".config/tdxvfs/config.toml").string() +
                "', line 3: unknown key 'servers'");
}

TEST_F(FindAdminSocketTest, NamesTheLineOfAWrongType) {
  WriteConfig("\nserver = 5\n");
  const auto found = FindAdminSocket("");
  ASSERT_THAT(found, Fails(Reason::kConfigInvalid));
  EXPECT_NE(found.error().message().find("line 2: 'server'"),
            std::string::npos);
}

TEST_F(FindAdminSocketTest, RefusesBrokenTomlWithItsLine) {
  WriteConfig("server = \n");
  const auto found = FindAdminSocket("");
  ASSERT_THAT(found, Fails(Reason::kConfigInvalid));
  EXPECT_NE(found.error().message().find("line 1: "), std::string::npos);
}

TEST_F(FindAdminSocketTest, RefusesAFileThatOthersMayWrite) {
  WriteConfig("server = \"/x\"\n", 0622);
  EXPECT_THAT(FindAdminSocket(""), Fails(Reason::kConfigInvalid));
}

TEST(ParseServerAddress, TakesPathsAndUnixAddresses) {
  EXPECT_EQ(ParseServerAddress("unix:/a/b").value(), "/a/b");
  EXPECT_EQ(ParseServerAddress("unix:relative").value(), "relative");
  EXPECT_EQ(ParseServerAddress("./admin.sock").value(), "./admin.sock");
}

TEST(ParseServerAddress, SaysThatRemoteServersAreNotForNow) {
  EXPECT_THAT(ParseServerAddress("keys.example.com:8443"),
              Fails(Reason::kNotSupported));
}

TEST(ParseServerAddress, RefusesWhatCannotBeASocket) {
  EXPECT_THAT(ParseServerAddress("unix:"), Fails(Reason::kUsage));
  EXPECT_THAT(ParseServerAddress("/" + std::string(200, 'x')),
              Fails(Reason::kUsage));
}

}  // namespace
}  // namespace tdxvfs::cli
