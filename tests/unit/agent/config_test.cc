// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "agent/config_digest.h"
#include "agent/quantity.h"
#include "agent/server_address.h"
#include "agent/toml_table.h"
#include "agent/volume_config.h"
#include "agent/write_config.h"
#include "common/hex.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::agent {
namespace {

using testing::Fails;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

constexpr std::string_view kGood = R"(image   = "/var/lib/tdxvfs/resnet.img"
mount   = "/mnt/resnet/"
servers = ["keys.example.com:8443", "[::1]:8443"]
ca      = "/etc/tdxvfs/ca.pem"
)";

class VolumeConfigTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories(folder_.path() / "volumes.d");
    std::ofstream(VolumeConfigPath(folder_.path(), name)) << text;
  }
  Result<VolumeConfig> Load(const std::string& name) const {
    return LoadVolumeConfig(folder_.path(), name);
  }
  // The good file with its CA in the test's folder.
  std::string GoodText() const {
    return "image = \"/i\"\nmount = \"/m\"\nservers = [\"k:1\"]\nca = \"" +
           (folder_.path() / "ca.pem").string() + "\"\n";
  }
  void WriteCa(std::string_view text) const {
    std::ofstream(folder_.path() / "ca.pem") << text;
  }
  TemporaryFolder folder_;
};

TEST(ParseVolumeConfig, ReadsEveryKey) {
  ASSERT_OK_AND_ASSIGN(
      const VolumeConfig config,
      ParseVolumeConfig("resnet", "f",
                        std::string(kGood) +
                            "max_wait = \"90s\"\nretry_slowly = \"3s\"\n"
                            "header = \"16 MiB\"\nserver_spki = \"sha256:" +
                            std::string(64, 'a') + "\"\n"));
  EXPECT_EQ(config.image, "/var/lib/tdxvfs/resnet.img");
  EXPECT_EQ(config.mount, "/mnt/resnet");
  ASSERT_EQ(config.servers.size(), 2U);
  EXPECT_EQ(config.servers[0].ToString(), "keys.example.com:8443");
  EXPECT_EQ(config.servers[1].host, "::1");
  EXPECT_EQ(config.servers[1].ToString(), "[::1]:8443");
  EXPECT_EQ(config.max_wait, std::chrono::seconds(90));
  EXPECT_EQ(config.retry_slowly, std::chrono::seconds(3));
  EXPECT_EQ(config.header_size, 16U * 1024 * 1024);
  ASSERT_TRUE(config.server_spki.has_value());
  EXPECT_EQ(ToHex(*config.server_spki), std::string(64, 'a'));
}

TEST(ParseVolumeConfig, HasTheDefaultsOfTheDocument) {
  ASSERT_OK_AND_ASSIGN(const VolumeConfig config,
                       ParseVolumeConfig("r", "f", std::string(kGood)));
  EXPECT_EQ(config.max_wait, std::chrono::seconds(0));
  EXPECT_EQ(config.retry_slowly, std::chrono::minutes(10));
  EXPECT_EQ(config.header_size, 1024U * 1024);
}

struct BadConfig {
  std::string name;
  std::string text;  // appended to the good file unless it stands alone
  bool alone = false;
  std::string message;  // part of what is said
};

class BadConfigTest : public ::testing::TestWithParam<BadConfig> {};

TEST_P(BadConfigTest, IsRefusedWithFileLineAndKey) {
  const BadConfig& bad = GetParam();
  const auto config = ParseVolumeConfig(
      "r", "/etc/x.toml", (bad.alone ? "" : std::string(kGood)) + bad.text);
  ASSERT_THAT(config, Fails(Reason::kConfigInvalid));
  EXPECT_THAT(config.error().ToString(), HasSubstr("'/etc/x.toml'"));
  EXPECT_THAT(config.error().ToString(), HasSubstr(bad.message));
}

INSTANTIATE_TEST_SUITE_P(
    ParseVolumeConfig, BadConfigTest,
    ::testing::Values(
        BadConfig{"UnknownKey", "imgae = \"/x\"\n", false,
                  "line 5: unknown key 'imgae'"},
        BadConfig{"UnknownTable", "[tls]\nca = \"/x\"\n", false,
                  "line 5: unknown key 'tls'"},
        BadConfig{"Syntax", "max_wait = \n", false, "line 5"},
        BadConfig{"DoubledKey", "image = \"/y\"\n", false, "line 5"},
        BadConfig{"WrongType", "max_wait = 5\n", false, "line 5: 'max_wait'"},
        BadConfig{"BadDuration", "max_wait = \"5 parsecs\"\n", false,
                  "line 5: 'max_wait'"},
        BadConfig{"ZeroSlowly", "retry_slowly = \"0s\"\n", false,
                  "line 5: 'retry_slowly'"},
        BadConfig{"BadHeader", "header = \"17 MiB\"\n", false,
                  "line 5: 'header'"},
        BadConfig{"OddHeader", "header = \"1 KiB\"\n", false,
                  "line 5: 'header'"},
        BadConfig{"BadPin", "server_spki = \"sha256:abc\"\n", false,
                  "line 5: 'server_spki'"},
        BadConfig{"PinOfAnotherKind", "server_spki = \"md5:abc\"\n", false,
                  "line 5: 'server_spki'"},
        BadConfig{"NoImage", "mount=\"/m\"\nservers=[\"k:1\"]\nca=\"/c\"", true,
                  "key 'image' is missing"},
        BadConfig{"EmptyImage",
                  "image=\"\"\nmount=\"/m\"\nservers=[\"k:1\"]\nca=\"/c\"",
                  true, "line 1: 'image'"},
        BadConfig{"RelativeMount",
                  "image=\"/i\"\nmount=\"m\"\nservers=[\"k:1\"]\nca=\"/c\"",
                  true, "line 2: 'mount'"},
        BadConfig{"NoServers",
                  "image=\"/i\"\nmount=\"/m\"\nservers=[]\nca=\"/c\"", true,
                  "line 3: 'servers'"},
        BadConfig{"MixedServers",
                  "image=\"/i\"\nmount=\"/m\"\nservers=[\"k:1\",2]\nca=\"/c\"",
                  true, "line 3: 'servers'"},
        BadConfig{"ServerWithoutPort",
                  "image=\"/i\"\nmount=\"/m\"\nservers=[\"k\"]\nca=\"/c\"",
                  true, "line 3: 'servers'"},
        BadConfig{"NeitherCaNorPin",
                  "image=\"/i\"\nmount=\"/m\"\nservers=[\"k:1\"]\n", true,
                  "line 3: 'servers'"}),
    [](const auto& row) { return row.param.name; });

TEST(ParseVolumeConfig, TakesAPinInBase64) {
  ASSERT_OK_AND_ASSIGN(
      const VolumeConfig config,
      ParseVolumeConfig(
          "r", "f",
          std::string(kGood) + "server_spki = \"sha256:" +
              "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"\n"));
  EXPECT_EQ(ToHex(*config.server_spki),
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
}

TEST_F(VolumeConfigTest, AnAbsentFileIsConfigMissing) {
  const auto config = Load("nothing");
  ASSERT_THAT(config, Fails(Reason::kConfigMissing));
  EXPECT_THAT(config.error().message(), HasSubstr("volumes.d/nothing.toml"));
}

TEST_F(VolumeConfigTest, ANameThatLeavesTheFolderIsRefused) {
  EXPECT_THAT(Load("../ca"), Fails(Reason::kVolumeNameInvalid));
  EXPECT_THAT(Load(""), Fails(Reason::kVolumeNameInvalid));
}

TEST_F(VolumeConfigTest, AFileThatOthersMayWriteIsRefused) {
  Write("r", GoodText());
  WriteCa("pem");
  ASSERT_EQ(chmod(VolumeConfigPath(folder_.path(), "r").c_str(), 0666), 0);
  EXPECT_THAT(Load("r"), Fails(Reason::kConfigInvalid));
}

TEST_F(VolumeConfigTest, AFileOfAnotherUserIsRefused) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "giving a file to another user needs root";
  }
  Write("r", GoodText());
  WriteCa("pem");
  ASSERT_EQ(chown(VolumeConfigPath(folder_.path(), "r").c_str(), 4711, 0), 0);
  EXPECT_THAT(Load("r"), Fails(Reason::kConfigInvalid));
}

TEST_F(VolumeConfigTest, AMissingCaFileNamesItsKey) {
  Write("r", GoodText());
  const auto config = Load("r");
  ASSERT_THAT(config, Fails(Reason::kConfigMissing));
  EXPECT_THAT(config.error().ToString(), HasSubstr("'ca'"));
}

// The digest of design.md by another road: `printf` and sha256sum.
TEST_F(VolumeConfigTest, DigestCoversTheBytesOfBothFiles) {
  ASSERT_OK_AND_ASSIGN(
      VolumeConfig config,
      ParseVolumeConfig("r", "f",
                        "image = \"/i\"\nmount = \"/m\"\nservers = "
                        "[\"k:1\"]\nca = \"/c\"\n"));
  config.ca_bytes = "CA\n";
  ASSERT_OK_AND_ASSIGN(const Sha256Digest digest, ConfigDigest(config));
  EXPECT_EQ(ToHex(digest),
            "20e173b8f025663af92d78e367b4e3dc0030d0d969a1f06a6aadecc474c2e5d2");
}

TEST_F(VolumeConfigTest, DigestChangesWithEitherFile) {
  Write("r", GoodText());
  WriteCa("one");
  ASSERT_OK_AND_ASSIGN(const VolumeConfig first, Load("r"));
  WriteCa("two");
  ASSERT_OK_AND_ASSIGN(const VolumeConfig other_ca, Load("r"));
  Write("r", GoodText() + "# a comment\n");
  ASSERT_OK_AND_ASSIGN(const VolumeConfig other_file, Load("r"));
  EXPECT_NE(ConfigDigest(first).value(), ConfigDigest(other_ca).value());
  EXPECT_NE(ConfigDigest(other_ca).value(), ConfigDigest(other_file).value());
}

TEST_F(VolumeConfigTest, WrittenConfigurationIsReadAgain) {
  const ConfigRequest request{"res-net.1",
                              R"(/var/lib/a "quoted" \ image)",
                              "/mnt/r",
                              {"k.example:1", "[::1]:2"},
                              (folder_.path() / "ca.pem").string(),
                              "",
                              "64 KiB"};
  WriteCa("pem");
  ASSERT_OK_AND_ASSIGN(const auto path,
                       WriteVolumeConfig(folder_.path(), request));
  EXPECT_EQ(path, VolumeConfigPath(folder_.path(), "res-net.1"));
  ASSERT_OK_AND_ASSIGN(const VolumeConfig config, Load("res-net.1"));
  EXPECT_EQ(config.image, request.image);
  EXPECT_EQ(config.servers.size(), 2U);
  EXPECT_EQ(config.header_size, 65536U);
  ASSERT_OK_AND_ASSIGN(const auto names, ConfiguredVolumes(folder_.path()));
  EXPECT_THAT(names, ::testing::ElementsAre("res-net.1"));
}

TEST_F(VolumeConfigTest, AnExistingConfigurationIsNeverOverwritten) {
  Write("r", "mine");
  const ConfigRequest request{"r", "/i", "/m", {"k:1"}, "/c", "", ""};
  EXPECT_THAT(WriteVolumeConfig(folder_.path(), request),
              Fails(Reason::kAlreadyExists));
  std::string text;
  std::getline(std::ifstream(VolumeConfigPath(folder_.path(), "r")), text);
  EXPECT_EQ(text, "mine");
}

TEST_F(VolumeConfigTest, WhatCouldNotBeReadAgainIsNotWritten) {
  const ConfigRequest request{"r", "relative", "/m", {"k:1"}, "/c", "", ""};
  EXPECT_THAT(WriteVolumeConfig(folder_.path(), request),
              Fails(Reason::kConfigInvalid));
  EXPECT_FALSE(std::filesystem::exists(VolumeConfigPath(folder_.path(), "r")));
}

TEST(ParseServerAddress, RefusesWhatIsNoHostAndPort) {
  for (const char* text :
       {"", "host", "host:", "host:0", "host:65536", "host:1x", ":1",
        "unix:/run/x.sock:1", "https://host:1", "ho st:1", "::1:1", "[::1]",
        "[host]:1", "dns:///host:1"}) {
    EXPECT_THAT(ParseServerAddress(text), Fails(Reason::kConfigInvalid))
        << text;
  }
}

TEST(ParseServerAddress, TellsAddressesFromNames) {
  EXPECT_TRUE(ParseServerAddress("127.0.0.1:1").value().IsIpAddress());
  EXPECT_TRUE(ParseServerAddress("[::1]:1").value().IsIpAddress());
  EXPECT_FALSE(ParseServerAddress("localhost:1").value().IsIpAddress());
}

TEST(Quantity, ReadsNumberAndUnitAndNothingElse) {
  EXPECT_EQ(ParseDuration("2h").value(), std::chrono::hours(2));
  EXPECT_EQ(ParseDuration("1d").value(), std::chrono::hours(24));
  EXPECT_EQ(ParseSize("1 MiB").value(), 1048576U);
  EXPECT_EQ(ParseSize("64KiB").value(), 65536U);
  for (const char* text : {"", "s", "1", "-1s", "1.5s", " 1s", "1s ", "1  s",
                           "99999999999999999999s", "1000000d"}) {
    EXPECT_THAT(ParseDuration(text), Fails(Reason::kConfigInvalid)) << text;
  }
  EXPECT_THAT(ParseSize("1 MB"), Fails(Reason::kConfigInvalid));
  EXPECT_EQ(DurationText(std::chrono::seconds(598)), "9 min 58 s");
}

TEST(TomlString, SurvivesTheParser) {
  const std::string hard = "a\"b\\c\n\t\x7f d\xc3\xa9";
  ASSERT_OK_AND_ASSIGN(const TomlTable table,
                       TomlTable::Parse("f", "k = " + TomlString(hard)));
  EXPECT_EQ(table.RequiredText("k").value(), hard);
}

}  // namespace
}  // namespace tdxvfs::agent
