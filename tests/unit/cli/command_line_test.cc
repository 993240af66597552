// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/sha256.h"
#include "luks/image/manifest.h"
#include "tests/fakes/fake_administration_service.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::cli {
namespace {

using testing::FakeAdministrationService;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using testing::TemporaryFolder;

struct Transcript {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// Runs commands of the program in this process, against a server in memory.
class CommandLineTest : public ::testing::Test {
 protected:
  Transcript Run(const std::vector<std::string>& arguments) {
    std::ostringstream out;
    std::ostringstream err;
    const int code =
        RunCommandLine(arguments, "0.0.0", {.out = out, .err = err});
    return {code, out.str(), err.str()};
  }
  Transcript RunOnServer(std::vector<std::string> arguments) {
    arguments.emplace_back("--server");
    arguments.push_back(fake_.socket().string());
    return Run(arguments);
  }
  std::string Write(const std::string& name, const std::string& text) {
    const auto path = folder_.path() / name;
    std::ofstream(path, std::ios::binary) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read |
                                           std::filesystem::perms::owner_write);
    return path.string();
  }
  std::string Path(const std::string& name) {
    return (folder_.path() / name).string();
  }
  std::string WriteManifest() {
    image::Manifest manifest;
    manifest.uuid = "11111111-2222-4333-8444-555555555555";
    manifest.header_size = 1048576;
    manifest.header_sha256.fill(0x77);
    manifest.header_profile = "sealed-1";
    manifest.file_system = "erofs";
    manifest.mount_options = {"ro"};
    manifest.data_size = 4096;
    manifest.image_size = 1052672;
    return Write("manifest.json", image::ManifestJson(manifest));
  }

  TemporaryFolder folder_;
  FakeAdministrationService fake_;
};

std::string Policy(const std::string& digit) {
  std::string value;
  for (int i = 0; i < 96; ++i) {
    value += digit;
  }
  const std::string list = "[\"" + value + "\"]";
  return R"({"version":1,"tee":"tdx","mr_td":)" + list + R"(,"rtmr":{"0":)" +
         list + R"(,"1":)" + list + R"(,"2":)" + list + "}}";
}

TEST_F(CommandLineTest, VersionAndHelpGoToStandardOutput) {
  EXPECT_EQ(Run({"--version"}).out, "tdxvfs 0.0.0\n");
  const Transcript help = Run({"key", "put", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("--key-file"));
  EXPECT_THAT(help.err, IsEmpty());
}

struct BadLine {
  const char* name;
  std::vector<std::string> arguments;
  std::string message;
};

class BadLineTest : public CommandLineTest,
                    public ::testing::WithParamInterface<BadLine> {};

TEST_P(BadLineTest, IsAUsageErrorOnStandardError) {
  const Transcript run = Run(GetParam().arguments);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.out, IsEmpty());
  EXPECT_EQ(run.err, "tdxvfs: error: " + GetParam().message +
                         "\ntdxvfs: hint: see --help\n");
}

INSTANTIATE_TEST_SUITE_P(
    CommandLine, BadLineTest,
    ::testing::Values(
        BadLine{"Nothing", {}, "a command is required"},
        BadLine{"GroupAlone", {"key"}, "a command is required"},
        BadLine{"UnknownGroup", {"frob"}, "unknown command 'frob'"},
        BadLine{"UnknownCommand", {"key", "frob"}, "unknown command 'frob'"},
        BadLine{"PackWithoutKey",
                {"volume", "pack", "a", "b"},
                "--register or --key-file is required"},
        BadLine{
            "PackWithBoth",
            {"volume", "pack", "a", "b", "--register", "n", "--key-file", "k"},
            "--register excludes --key-file"},
        BadLine{"ImportWithoutImage",
                {"key", "import", "n", "--passphrase-file", "f"},
                "--image or --manifest is required"},
        BadLine{"BadReason",
                {"audit", "list", "--reason", "frob"},
                "reason 'frob' is unknown"},
        BadLine{
            "BadTime",
            {"quote", "verify", "f", "--collateral", "none", "--at", "noon"},
            "time 'noon' is not like 2026-01-31T12:00:00Z"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(CommandLineTest, AUsageErrorIsJsonWhenTheLineAsksForIt) {
  const Transcript run = Run({"key", "frob", "--json"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err,
            "{\"reason\":\"usage\",\"message\":\"unknown command 'frob'\","
            "\"hint\":\"see --help\",\"audit_id\":null}\n");
}

TEST_F(CommandLineTest, PutRegistersAManifestWithItsKeyByteForByte) {
  const std::string key = Write("key", std::string("bytes\0\n", 7));
  const Transcript run = RunOnServer(
      {"key", "put", "data", "--manifest", WriteManifest(), "--key-file", key});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out, "volume 'data': version 1 registered\n");
  EXPECT_THAT(run.err, HasSubstr("has no policy yet"));
  ASSERT_EQ(fake_.put.size(), 1U);
  EXPECT_EQ(fake_.put[0].passphrase(), std::string("bytes\0\n", 7));
  EXPECT_EQ(fake_.put[0].description().header_sha256(), std::string(32, 'w'));
}

TEST_F(CommandLineTest, PutNeverMakesAMissingKeyFile) {
  const Transcript run =
      RunOnServer({"key", "put", "data", "--manifest", WriteManifest(),
                   "--key-file", Path("none")});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr(Path("none")));
  EXPECT_THAT(run.err, HasSubstr("tdxvfs: hint: make one: "));
  EXPECT_FALSE(std::filesystem::exists(Path("none")));
  EXPECT_THAT(fake_.put, IsEmpty());
}

TEST_F(CommandLineTest, RefusesABadVolumeNameBeforeAnythingElse) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"key", "put", "Data", "--manifest", "m", "--key-file", "k"},
           {"key", "import", "../x", "--image", "i", "--passphrase-file", "f"},
           {"key", "list", "a b"},
           {"key", "retire", "-x-", "1"},
           {"key", "disable", "Ä"},
           {"key", "enable", "_x"},
           {"policy", "put", ".x", "f"},
           {"policy", "show", "x/y"},
           {"volume", "pack", "d", "i", "--register", "X"},
           {"audit", "list", "--volume", "X"}}) {
    const Transcript run = RunOnServer(arguments);
    EXPECT_EQ(run.exit_code, 2) << arguments[1];
    if (arguments[1] != "retire") {
      EXPECT_THAT(run.err, HasSubstr("a volume name is 1 to 48")) << run.err;
    }
  }
}

TEST_F(CommandLineTest, ListShowsVersionsAndTheirState) {
  const std::string key = Write("key", "k");
  fake_.policies["data"] = Policy("0");
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(RunOnServer({"key", "put", "data", "--manifest", WriteManifest(),
                           "--key-file", key})
                  .exit_code,
              0);
  }
  EXPECT_EQ(RunOnServer({"key", "retire", "data", "1"}).out,
            "volume 'data': version 1 retired; it opens nowhere from now on\n");
  const Transcript list = RunOnServer({"key", "list"});
  EXPECT_THAT(list.out, StartsWith("VOLUME  VERSION  STATE"));
  EXPECT_THAT(list.out, HasSubstr("data    1        retired  2026-11-21"));
  EXPECT_THAT(list.out, HasSubstr("data    2        live     2026-11-21"));
  const Transcript json = RunOnServer({"key", "list", "data", "--json"});
  EXPECT_THAT(json.out,
              StartsWith("[{\"volume\":\"data\",\"version\":1,\"retired\":true,"
                         "\"disabled\":false,\"has_policy\":true,"));
  EXPECT_THAT(json.out, HasSubstr("\"mount_options\":[\"ro\"]"));
}

TEST_F(CommandLineTest, RetiringAnUnknownVersionIsRefusedWithItsReason) {
  const Transcript run = RunOnServer({"key", "retire", "data", "7", "--json"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.out, IsEmpty());
  EXPECT_THAT(run.err, StartsWith("{\"reason\":\"version-unknown\","));
}

TEST_F(CommandLineTest, DisableAndEnableTellTheServer) {
  EXPECT_EQ(RunOnServer({"key", "disable", "data"}).out,
            "volume 'data': disabled\n");
  EXPECT_TRUE(fake_.disabled["data"]);
  EXPECT_EQ(RunOnServer({"key", "enable", "data", "--json"}).out,
            "{\"volume\":\"data\",\"disabled\":false}\n");
  EXPECT_FALSE(fake_.disabled["data"]);
}

TEST_F(CommandLineTest, PolicyComesBackAsItWasPut) {
  const std::string file = Write("policy.json", Policy("0"));
  EXPECT_EQ(RunOnServer({"policy", "put", "data", file}).out,
            "volume 'data': policy stored\n");
  EXPECT_EQ(RunOnServer({"policy", "show", "data"}).out, Policy("0") + "\n");
}

TEST_F(CommandLineTest, ABadPolicyIsRefusedHereWithItsFile) {
  const std::string file = Write("policy.json", R"({"version":1})");
  const Transcript run = RunOnServer({"policy", "put", "data", file});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("policy '" + file + "'"));
  EXPECT_THAT(fake_.policies, IsEmpty());
}

TEST_F(CommandLineTest, AuditListIsATableOrTheRecordsThemselves) {
  fake_.records = {
      R"({"audit_id":"7f3c-1","time":"2026-11-21T07:00:00.000Z",)"
      R"("kind":"refusal","volume":"data","reason":"quote-invalid",)"
      R"("peer":"10.0.0.1"})"};
  const Transcript list =
      RunOnServer({"audit", "list", "--volume", "data", "--reason",
                   "quote-invalid", "--limit", "5"});
  EXPECT_EQ(list.out,
            "TIME                      AUDIT ID  VOLUME  PEER      DECISION\n"
            "2026-11-21T07:00:00.000Z  7f3c-1    data    10.0.0.1  refusal: "
            "quote-invalid\n");
  EXPECT_EQ(fake_.last_audit_query.volume(), "data");
  EXPECT_EQ(fake_.last_audit_query.reason(), "quote-invalid");
  EXPECT_EQ(fake_.last_audit_query.limit(), 5U);
  EXPECT_EQ(RunOnServer({"audit", "list", "--json"}).out,
            "[" + fake_.records[0] + "]\n");
}

TEST_F(CommandLineTest, AuditShowHasTheChecksBelowTheRest) {
  fake_.records = {
      R"({"audit_id":"7f3c-1","volume":"data","reason":"refused-by-policy",)"
      R"("checks":[{"name":"mr_td","expected":"aa","actual":"bb",)"
      R"("passed":false,"source":"policy"}],"quote":")" +
      std::string(400, 'A') + "\"}"};
  const Transcript run = RunOnServer({"audit", "show", "7f3c-1"});
  EXPECT_EQ(run.out,
            "audit_id  7f3c-1\n"
            "volume    data\n"
            "reason    refused-by-policy\n"
            "quote     (400 characters; --json shows them)\n"
            "\n"
            "FAILED  mr_td       policy\n"
            "          expected  aa\n"
            "          found     bb\n");
  EXPECT_EQ(RunOnServer({"audit", "show", "7f3c-9"}).exit_code, 2);
}

TEST_F(CommandLineTest, FromAuditNeedsAGenuineQuoteOnRecord) {
  fake_.records = {R"({"audit_id":"7f3c-1","volume":"data",)"
                   R"("reason":"quote-invalid"})"};
  const Transcript run = RunOnServer({"policy", "from-audit", "7f3c-1"});
  EXPECT_EQ(run.exit_code, 5);
  EXPECT_THAT(run.err, HasSubstr("audit record '7f3c-1': no quote is on "
                                 "record"));
  EXPECT_THAT(run.out, IsEmpty());
}

TEST_F(CommandLineTest, PackAsksForThePassphraseAndRegistersTheImage) {
  std::filesystem::create_directory(Path("model"));
  Write("model/weights", "w");
  const Transcript run =
      RunOnServer({"volume", "pack", Path("model"), Path("image"), "--register",
                   "data", "--manifest", Path("m.json"), "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, IsEmpty());
  ASSERT_EQ(fake_.put.size(), 1U);
  EXPECT_EQ(fake_.put[0].passphrase(), fake_.next_passphrase);
  EXPECT_EQ(fake_.put[0].description().header_profile(), "sealed-1");
  EXPECT_THAT(run.out, HasSubstr("\"volume\":\"data\",\"version\":1"));
  EXPECT_TRUE(std::filesystem::exists(Path("m.json")));

  const Transcript inspect =
      Run({"volume", "inspect", Path("image"), "--json"});
  EXPECT_THAT(inspect.out,
              HasSubstr("\"uuid\":\"" + fake_.put[0].description().uuid()));
}

TEST_F(CommandLineTest, PackLeavesNoImageThatNobodyCanOpen) {
  std::filesystem::create_directory(Path("model"));
  Write("model/weights", "w");
  fake_.RefuseWith(Reason::kAuditUnavailable);
  const Transcript run = RunOnServer(
      {"volume", "pack", Path("model"), Path("image"), "--register", "data"});
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_FALSE(std::filesystem::exists(Path("image")));
}

TEST_F(CommandLineTest, PackOverwritesNeitherImageNorManifest) {
  std::filesystem::create_directory(Path("model"));
  const std::string key = Write("key", "k");
  const std::string mine = Write("mine", "precious");
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"volume", "pack", Path("model"), mine, "--key-file", key},
           {"volume", "pack", Path("model"), Path("image"), "--key-file", key,
            "--manifest", mine}}) {
    const Transcript run = Run(arguments);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr("'" + mine + "'"));
    EXPECT_EQ(std::filesystem::file_size(mine), 8U);
    EXPECT_FALSE(std::filesystem::exists(Path("image")));
  }
}

TEST_F(CommandLineTest, ResultsThatCannotBeWrittenAreAFailure) {
  std::ofstream full("/dev/full");
  std::ostringstream err;
  EXPECT_EQ(RunCommandLine({"--version"}, "0.0.0", {.out = full, .err = err}),
            2);
  EXPECT_THAT(err.str(), HasSubstr("standard output: write failed"));
}

TEST_F(CommandLineTest, AMissingServerIsNamed) {
  const Transcript run =
      Run({"key", "list", "--server", "/nonexistent/admin.sock"});
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_EQ(run.err,
            "tdxvfs: error: admin socket '/nonexistent/admin.sock': No such "
            "file or directory\ntdxvfs: hint: check the address, the network "
            "and that the key server runs\n");
}

}  // namespace
}  // namespace tdxvfs::cli
