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
class FindServerTest : public ::testing::Test {
 protected:
  FindServerTest() {
    std::string pattern = ::testing::TempDir() + "tdxvfs-home-XXXXXX";
    home_ = mkdtemp(pattern.data());
    setenv("HOME", home_.c_str(), 1);
    unsetenv("TDXVFS_SERVER");
  }
  ~FindServerTest() override { std::filesystem::remove_all(home_); }

  void WriteConfig(const std::string& text, mode_t mode = 0600) {
    const auto folder = home_ / ".config/tdxvfs";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "config.toml") << text;
    chmod((folder / "config.toml").c_str(), mode);
  }

  std::filesystem::path home_;
};

TEST_F(FindServerTest, IsTheLocalOneWhenNothingSaysOtherwise) {
  ASSERT_OK_AND_ASSIGN(const ServerAddress server, FindServer(""));
  EXPECT_EQ(server.socket, "/run/tdxvfs/admin.sock");
}

TEST_F(FindServerTest, OptionWinsOverVariableWinsOverFile) {
  WriteConfig("server = \"unix:/from/file\"\n");
  EXPECT_EQ(FindServer("").value().socket, "/from/file");
  setenv("TDXVFS_SERVER", "/from/variable", 1);
  EXPECT_EQ(FindServer("").value().socket, "/from/variable");
  EXPECT_EQ(FindServer("unix:/from/option").value().socket, "/from/option");
  unsetenv("TDXVFS_SERVER");
}

TEST_F(FindServerTest, NamesTheLineOfAnUnknownKey) {
  WriteConfig("# ours\n\nservers = \"/x\"\n");
  const auto found = FindServer("");
  ASSERT_THAT(found, Fails(Reason::kConfigInvalid));
  EXPECT_EQ(found.error().message(),
            "file '" + (home_ / ".config/tdxvfs/config.toml").string() +
                "', line 3: unknown key 'servers'");
}

TEST_F(FindServerTest, NamesTheLineOfAWrongType) {
  WriteConfig("\nserver = 5\n");
  const auto found = FindServer("");
  ASSERT_THAT(found, Fails(Reason::kConfigInvalid));
  EXPECT_NE(found.error().message().find("line 2: 'server'"),
            std::string::npos);
}

TEST_F(FindServerTest, RefusesBrokenTomlWithItsLine) {
  WriteConfig("server = \n");
  const auto found = FindServer("");
  ASSERT_THAT(found, Fails(Reason::kConfigInvalid));
  EXPECT_NE(found.error().message().find("line 1: "), std::string::npos);
}

TEST_F(FindServerTest, RefusesAFileThatOthersMayWrite) {
  WriteConfig("server = \"/x\"\n", 0622);
  EXPECT_THAT(FindServer(""), Fails(Reason::kConfigInvalid));
}

TEST_F(FindServerTest, GivesAnAddressOnTheNetworkTheFilesOfTheConfiguration) {
  WriteConfig(
      "server = \"keys:8444\"\nca = \"/ca.pem\"\ncertificate = "
      "\"/me.pem\"\nkey = \"/me.key\"\n");
  for (const char* const option : {"", "other:8444"}) {
    ASSERT_OK_AND_ASSIGN(const ServerAddress server, FindServer(option));
    EXPECT_TRUE(server.remote());
    EXPECT_EQ(server.host_port, *option == '\0' ? "keys:8444" : option);
    EXPECT_EQ(server.files.ca, "/ca.pem");
    EXPECT_EQ(server.files.certificate, "/me.pem");
    EXPECT_EQ(server.files.key, "/me.key");
  }
}

TEST_F(FindServerTest, RefusesAnAddressOnTheNetworkWithoutFiles) {
  EXPECT_THAT(FindServer("keys:8444"), Fails(Reason::kConfigMissing));
  WriteConfig("ca = \"/ca.pem\"\ncertificate = \"/me.pem\"\n");
  EXPECT_THAT(FindServer("keys:8444"), Fails(Reason::kConfigMissing));
}

TEST_F(FindServerTest, RefusesRelativePathsOfFiles) {
  WriteConfig("ca = \"ca.pem\"\n");
  EXPECT_THAT(FindServer(""), Fails(Reason::kConfigInvalid));
}

TEST(ParseServerAddress, TakesPathsAndUnixAddresses) {
  EXPECT_EQ(ParseServerAddress("unix:/a/b").value().socket, "/a/b");
  EXPECT_EQ(ParseServerAddress("unix:relative").value().socket, "relative");
  EXPECT_EQ(ParseServerAddress("./admin.sock").value().socket, "./admin.sock");
}

TEST(ParseServerAddress, TakesAddressesOnTheNetwork) {
  for (const char* const text : {"keys.example.com:8444", "[::1]:8444"}) {
    ASSERT_OK_AND_ASSIGN(const ServerAddress server, ParseServerAddress(text));
    EXPECT_TRUE(server.remote());
    EXPECT_EQ(server.host_port, text);
  }
}

TEST(ParseServerAddress, RefusesWhatIsNeitherPathNorAddress) {
  for (const char* const text : {"model", "keys:", ":8444", "keys:http",
                                 "keys:99999", "::1:8444", "[::1:8444"}) {
    EXPECT_THAT(ParseServerAddress(text), Fails(Reason::kUsage)) << text;
  }
}

TEST(ParseServerAddress, RefusesWhatCannotBeASocket) {
  EXPECT_THAT(ParseServerAddress("unix:"), Fails(Reason::kUsage));
  EXPECT_THAT(ParseServerAddress("/" + std::string(200, 'x')),
              Fails(Reason::kUsage));
}

}  // namespace
}  // namespace tdxvfs::cli
