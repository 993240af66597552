// SPDX-License-Identifier: Apache-2.0
// Every file and folder that a configuration names, each taken away or spoilt.
#include "keyserver/check_config.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "common/clock.h"
#include "common/file.h"
#include "common/hex.h"
#include "keyserver/config_files.h"
#include "keyserver/init.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::keyserver {
namespace {

namespace fs = std::filesystem;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TemporaryFolder;
using ::testing::HasSubstr;

void Append(const fs::path& file, std::string_view text) {
  std::ofstream(file, std::ios::app) << text;
}

void Replace(const fs::path& file, const std::string& from,
             const std::string& to) {
  std::string text = *ReadFile(file, 1 << 16);
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  ASSERT_THAT(ReplaceFile(file, AsBytes(text), 0644), Succeeds());
}

struct Spoilt {
  std::string name;
  std::function<void(const fs::path& server)> spoil;
  Reason reason;
  std::string message;  // behind the file's name
};

class CheckConfigTest : public ::testing::TestWithParam<Spoilt> {
 protected:
  CheckConfigTest() {
    EXPECT_THAT(Init({.directory = server_, .names = {"localhost"}}),
                Succeeds());
  }
  fs::path File() const { return server_ / "keyserver.toml"; }
  Result<void> Check() const {
    ASSIGN_OR_RETURN(const Config config, LoadConfig(File()));
    return CheckConfig(OutsideOfUnit(config), SystemClock().Now());
  }

  TemporaryFolder folder_;
  const fs::path server_ = folder_.path() / "server";
};

TEST_P(CheckConfigTest, NamesFileLineAndKey) {
  ASSERT_THAT(Check(), Succeeds());
  GetParam().spoil(server_);
  const auto checked = Check();
  ASSERT_THAT(checked, Fails(GetParam().reason));
  EXPECT_THAT(checked.error().ToString(),
              HasSubstr(File().string() + GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, CheckConfigTest,
    ::testing::Values(
        Spoilt{"NoCertificate",
               [](const fs::path& s) { fs::remove(s / "tls/server.pem"); },
               Reason::kConfigMissing, ":6: tls.certificate"},
        Spoilt{"NoKey",
               [](const fs::path& s) { fs::remove(s / "tls/server.key"); },
               Reason::kConfigMissing, ":7: tls.key"},
        Spoilt{"OpenKey",
               [](const fs::path& s) {
                 fs::permissions(s / "tls/server.key", fs::perms(0644));
               },
               Reason::kConfigInvalid, ":7: tls.key"},
        Spoilt{"ForeignKey",
               [](const fs::path& s) {
                 fs::copy_file(s / "tls/ca.key", s / "tls/server.key",
                               fs::copy_options::overwrite_existing);
               },
               Reason::kConfigInvalid, ":7: tls.key"},
        Spoilt{"NoPemInTheCertificate",
               [](const fs::path& s) {
                 fs::resize_file(s / "tls/server.pem", 10);
               },
               Reason::kConfigInvalid, ":6: tls.certificate"},
        Spoilt{"NoPemInTheKey",
               [](const fs::path& s) {
                 fs::resize_file(s / "tls/server.key", 10);
               },
               Reason::kConfigInvalid, ":7: tls.key"},
        // Whose name has the key's in it, and the name of the other key.
        Spoilt{"CertificateNamedLikeItsKey",
               [](const fs::path& s) {
                 Replace(s / "keyserver.toml", "/server.pem",
                         "/server.key.tls.key");
               },
               Reason::kConfigMissing, ":6: tls.certificate"},
        Spoilt{"NoMasterKey",
               [](const fs::path& s) { fs::remove(s / "master.key"); },
               Reason::kConfigMissing, ":11: store.master_key"},
        Spoilt{"NoFolderOfTheStore",
               [](const fs::path& s) {
                 Replace(s / "keyserver.toml", "/store.db", "/none/store.db");
                 Append(s / "keyserver.toml",
                        "key = \"" + (s / "audit.key").string() + "\"\n");
               },
               Reason::kConfigMissing, ":10: store.sqlite"},
        Spoilt{"FileInPlaceOfAFolder",
               [](const fs::path& s) {
                 Replace(s / "keyserver.toml", "/admin.sock",
                         "/master.key/admin.sock");
               },
               Reason::kConfigInvalid, ":3: listen.admin_socket"},
        Spoilt{"NoFolderOfTheLog",
               [](const fs::path& s) { fs::remove_all(s / "audit"); },
               Reason::kConfigMissing, ":19: audit.directory"},
        Spoilt{"LogIsAFile",
               [](const fs::path& s) {
                 fs::remove_all(s / "audit");
                 Append(s / "audit", "x");
               },
               Reason::kConfigInvalid, ":19: audit.directory"},
        Spoilt{"NoFolderOfTheCache",
               [](const fs::path& s) {
                 Replace(s / "keyserver.toml", "/server/collateral",
                         "/server/none/collateral");
               },
               Reason::kConfigMissing, ":16: attestation.collateral_cache"},
        Spoilt{"CacheIsAFile",
               [](const fs::path& s) { Append(s / "collateral", "x"); },
               Reason::kConfigInvalid, ":16: attestation.collateral_cache"},
        Spoilt{"NoAnchor",
               [](const fs::path& s) {
                 Replace(s / "keyserver.toml", "\"intel\"", "\"/none.pem\"");
               },
               Reason::kConfigMissing, ":14: attestation.trust_anchor"},
        Spoilt{"NoAdministratorsList",
               [](const fs::path& s) {
                 Append(s / "keyserver.toml",
                        "[admin]\naddress = \"[::]:0\"\nca = \"" +
                            (s / "tls/ca.pem").string() +
                            "\"\ncrl = \"/none.crl\"\n");
               },
               Reason::kConfigMissing, ":23: admin.crl"},
        Spoilt{"AdministratorsAuthorityNamedLikeAList",
               [](const fs::path& s) {
                 Append(s / "admin.crl", "no certificate");
                 Append(s / "keyserver.toml",
                        "[admin]\naddress = \"[::]:0\"\nca = \"" +
                            (s / "admin.crl").string() + "\"\n");
               },
               Reason::kConfigInvalid, ":22: admin.ca"}),
    [](const auto& row) { return row.param.name; });

TEST_F(CheckConfigTest, ALimitThatLimitsNothingIsNoted) {
  Append(File(), "[limits]\npeer_attestations = 128\n");
  EXPECT_TRUE(NotesOn(*LoadConfig(File())).empty());
  Replace(File(), "= 128", "= 129");
  const auto notes = NotesOn(*LoadConfig(File()));
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_THAT(notes[0], HasSubstr("limits.peer_attestations: is more than"));
  // One that nobody wrote says nothing.
  Replace(File(), "peer_attestations = 129", "attestations = 20");
  EXPECT_TRUE(NotesOn(*LoadConfig(File())).empty());
}

TEST_F(CheckConfigTest, ACertificateThatExpiredIsNamedWithItsLine) {
  ASSERT_OK_AND_ASSIGN(const Config config, LoadConfig(File()));
  const auto later = SystemClock().Now() + std::chrono::days(900);
  const auto checked = CheckConfig(config, later);
  ASSERT_THAT(checked, Fails(Reason::kConfigInvalid));
  EXPECT_THAT(checked.error().ToString(), HasSubstr(":6: tls.certificate: '"));
  EXPECT_THAT(checked.error().ToString(), HasSubstr("expired 20"));
}

TEST_F(CheckConfigTest, ACollateralFileIsNamedOnce) {
  const fs::path bad = server_ / "bad.pem";
  Append(bad, "x");
  fs::permissions(bad, fs::perms(0644));
  Replace(File(), "\"pcs\"",
          "\"https://a/\"\ncollateral_ca = \"" + bad.string() + "\"");
  const auto checked = Check();
  ASSERT_THAT(checked, Fails(Reason::kConfigInvalid));
  EXPECT_THAT(checked.error().ToString(),
              HasSubstr(":16: attestation.collateral_ca: '" + bad.string()));
}

// A command that an operator runs has no credentials, the unit has.
TEST_F(CheckConfigTest, FindsWhatTheUnitHandsOver) {
  Replace(File(), (server_ / "master.key").string(), "credential:master-key");
  Replace(File(), (server_ / "tls/server.key").string(),
          "credential:server-key");
  EXPECT_THAT(Check(), Succeeds());
  fs::remove(server_ / "master.key");
  const auto gone = Check();
  ASSERT_THAT(gone, Fails(Reason::kConfigMissing));
  EXPECT_THAT(gone.error().ToString(), HasSubstr("store.master_key"));
  ASSERT_EQ(setenv("CREDENTIALS_DIRECTORY", folder_.path().c_str(), 1), 0);
  const Config in_unit = OutsideOfUnit(*LoadConfig(File()));
  ASSERT_EQ(unsetenv("CREDENTIALS_DIRECTORY"), 0);
  EXPECT_EQ(in_unit.master_key, "credential:master-key");
}

TEST_F(CheckConfigTest, AKeyThatTakesARestartIsNamedWithItsLine) {
  const Config running = *LoadConfig(File());
  Replace(File(), "/admin.sock", "/other.sock");
  const auto checked = CheckReloadable(running, *LoadConfig(File()));
  ASSERT_THAT(checked, Fails(Reason::kConfigInvalid));
  EXPECT_THAT(checked.error().ToString(),
              HasSubstr(":3: listen.admin_socket: a change"));
}

}  // namespace
}  // namespace tdxvfs::keyserver
