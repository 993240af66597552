// SPDX-License-Identifier: Apache-2.0
#include "keyserver/config.h"

#include <string>

#include "common/file.h"
#include "common/hex.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using ::testing::HasSubstr;

constexpr std::string_view kGood = R"([listen]
address      = "[::]:8443"
admin_socket = "/run/tdxvfs/admin.sock"
[tls]
certificate  = "/etc/tdxvfs/tls/server.pem"
key          = "/etc/tdxvfs/tls/server.key"
[store]
sqlite       = "/var/lib/tdxvfs/store.db"
master_key   = "credential:master-key"
[attestation]
trust_anchor = "intel"
collateral   = "pcs"
[audit]
directory    = "/var/log/tdxvfs"
)";

std::string Replaced(std::string_view from, std::string_view to) {
  std::string text(kGood);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Config, ReadsTheDocumentedFile) {
  ASSERT_OK_AND_ASSIGN(const Config config, ParseConfig(kGood, "test.toml"));
  EXPECT_EQ(config.listen_address, "[::]:8443");
  EXPECT_EQ(config.master_key, "credential:master-key");
  EXPECT_EQ(config.trust_anchor, "intel");
  EXPECT_EQ(config.collateral.source, CollateralConfig::Source::kPcs);
  EXPECT_EQ(config.collateral.SourceText(), "pcs");
  EXPECT_EQ(config.connections, 512U);
  EXPECT_EQ(config.evidence_timeout, std::chrono::seconds(30));
}

TEST(Config, ReadsLimits) {
  ASSERT_OK_AND_ASSIGN(
      const Config config,
      ParseConfig(std::string(kGood) +
                      "[limits]\nconnections = 7\nevidence_timeout = \"2m\"\n"
                      "begin_timeout = \"500ms\"\n",
                  "test.toml"));
  EXPECT_EQ(config.connections, 7U);
  EXPECT_EQ(config.evidence_timeout, std::chrono::seconds(120));
  EXPECT_EQ(config.begin_timeout, std::chrono::milliseconds(500));
}

TEST(Config, ReadsAdminLogAndMetrics) {
  ASSERT_OK_AND_ASSIGN(
      const Config config,
      ParseConfig(std::string(kGood) +
                      "[admin]\naddress = \"[::]:8444\"\n"
                      "ca = \"/etc/tdxvfs/clients.pem\"\n"
                      "crl = \"/etc/tdxvfs/clients.crl\"\n"
                      "[log]\nlevel = \"debug\"\n"
                      "[metrics]\naddress = \"127.0.0.1:9464\"\n",
                  "test.toml"));
  EXPECT_EQ(config.admin_address, "[::]:8444");
  EXPECT_EQ(config.admin_ca, "/etc/tdxvfs/clients.pem");
  EXPECT_EQ(config.admin_crl, "/etc/tdxvfs/clients.crl");
  EXPECT_EQ(config.log_level, LogLevel::kDebug);
  EXPECT_EQ(config.metrics_address, "127.0.0.1:9464");
}

TEST(Config, LeavesAdminAndMetricsOffUnlessAskedFor) {
  ASSERT_OK_AND_ASSIGN(const Config config, ParseConfig(kGood, "test.toml"));
  EXPECT_TRUE(config.admin_address.empty());
  EXPECT_TRUE(config.metrics_address.empty());
  EXPECT_EQ(config.log_level, LogLevel::kInfo);
}

TEST(Config, RefusesHalfAnAdminTable) {
  for (const char* const table :
       {"[admin]\naddress = \"[::]:8444\"\n", "[admin]\nca = \"/ca.pem\"\n",
        "[admin]\naddress = \"x\"\nca = \"/ca.pem\"\n",
        "[admin]\naddress = \"[::]:1\"\nca = \"ca.pem\"\n",
        "[log]\nlevel = \"loud\"\n", "[metrics]\n"}) {
    EXPECT_THAT(ParseConfig(std::string(kGood) + table, "test.toml"),
                Fails(Reason::kConfigInvalid))
        << table;
  }
}

TEST(Config, ReadsWhereCollateralComesFrom) {
  ASSERT_OK_AND_ASSIGN(
      const Config cached,
      ParseConfig(Replaced("\"pcs\"",
                           "\"https://pccs.example:8081/\"\n"
                           "collateral_ca = \"/etc/tdxvfs/pccs.pem\"\n"
                           "collateral_cache = \"/srv/cache\"\n"
                           "collateral_update = \"early\"\n"
                           "collateral_bundle = \"/srv/bundle.json\""),
                  "test.toml"));
  EXPECT_EQ(cached.collateral.source, CollateralConfig::Source::kPccs);
  EXPECT_EQ(cached.collateral.pccs_url, "https://pccs.example:8081/");
  EXPECT_EQ(cached.collateral.ca, "/etc/tdxvfs/pccs.pem");
  EXPECT_EQ(cached.collateral.cache, "/srv/cache");
  EXPECT_EQ(cached.collateral.update, collateral::Update::kEarly);
  EXPECT_EQ(cached.collateral.bundle, "/srv/bundle.json");
  EXPECT_EQ(cached.collateral.SourceText(),
            "https://pccs.example:8081/, bundle");
  ASSERT_OK_AND_ASSIGN(
      const Config offline,
      ParseConfig(
          Replaced("\"pcs\"", "\"offline\"\ncollateral_bundle = \"/b.json\""),
          "test.toml"));
  EXPECT_EQ(offline.collateral.source, CollateralConfig::Source::kOffline);
  EXPECT_EQ(offline.collateral.cache, "/var/lib/tdxvfs/collateral");
  EXPECT_EQ(offline.collateral.SourceText(), "offline");
}

TEST(Config, TakesNoneWithAnAnchorThatIsNotIntels) {
  ASSERT_OK_AND_ASSIGN(
      const Config config,
      ParseConfig(Replaced("\"intel\"\ncollateral   = \"pcs\"",
                           "\"/etc/root.pem\"\ncollateral = \"none\""),
                  "test.toml"));
  EXPECT_EQ(config.collateral.source, CollateralConfig::Source::kNone);
  EXPECT_EQ(config.collateral.SourceText(), "none");
}

struct BadConfig {
  std::string name;
  std::string from;
  std::string to;
  std::string message;  // file, line and key
};

class BadConfigTest : public ::testing::TestWithParam<BadConfig> {};

TEST_P(BadConfigTest, IsRefusedByFileLineAndKey) {
  const auto config =
      ParseConfig(Replaced(GetParam().from, GetParam().to), "test.toml");
  ASSERT_THAT(config, Fails(Reason::kConfigInvalid));
  EXPECT_THAT(config.error().ToString(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadConfigTest,
    ::testing::Values(
        BadConfig{"UnknownKey", "[tls]", "[tls]\ncipher = \"x\"",
                  "test.toml:5: tls.cipher"},
        BadConfig{"UnknownTable", "[tls]", "[extra]\n[tls]",
                  "test.toml:4: extra"},
        BadConfig{"UnknownTopKey", "[listen]", "debug = true\n[listen]",
                  "test.toml:1: debug"},
        BadConfig{"WrongType", "\"/var/log/tdxvfs\"", "17",
                  "test.toml:14: audit.directory"},
        BadConfig{"MissingKey", "collateral   = \"pcs\"", "",
                  "test.toml:10: attestation.collateral"},
        BadConfig{"EmptyText", "\"[::]:8443\"", "\"\"",
                  "test.toml:2: listen.address"},
        BadConfig{"NoPort", "\"[::]:8443\"", "\"localhost\"",
                  "test.toml:2: listen.address"},
        BadConfig{"RelativePath", "\"/var/lib/tdxvfs/store.db\"",
                  "\"store.db\"", "test.toml:8: store.sqlite"},
        BadConfig{"RelativeCredential", "credential:master-key",
                  "credential:../key", "test.toml:9: store.master_key"},
        BadConfig{"OddCollateral", "\"pcs\"", "\"off\"",
                  "test.toml:12: attestation.collateral"},
        BadConfig{"NoneWithIntel", "\"pcs\"", "\"none\"",
                  "test.toml:12: attestation.collateral: \"none\" is refused "
                  "with trust_anchor = \"intel\": write collateral = "
                  "\"pcs\""},
        BadConfig{"PlainHttp", "\"pcs\"", "\"http://pccs.example/\"",
                  "test.toml:12: attestation.collateral"},
        BadConfig{"CaWithoutService", "\"pcs\"",
                  "\"pcs\"\ncollateral_ca = \"/a.pem\"",
                  "test.toml:13: attestation.collateral_ca"},
        BadConfig{"RelativeCa", "\"pcs\"",
                  "\"https://a/\"\ncollateral_ca = \"a.pem\"",
                  "test.toml:13: attestation.collateral_ca"},
        BadConfig{"RelativeCache", "\"pcs\"",
                  "\"pcs\"\ncollateral_cache = \"cache\"",
                  "test.toml:13: attestation.collateral_cache"},
        BadConfig{"EmptyCache", "\"pcs\"", "\"pcs\"\ncollateral_cache = \"\"",
                  "test.toml:13: attestation.collateral_cache"},
        BadConfig{"OddUpdate", "\"pcs\"",
                  "\"pcs\"\ncollateral_update = \"late\"",
                  "test.toml:13: attestation.collateral_update"},
        BadConfig{"OfflineWithoutBundle", "\"pcs\"", "\"offline\"",
                  "attestation.collateral_bundle"},
        BadConfig{"NoneWithBundle", "\"intel\"\ncollateral   = \"pcs\"",
                  "\"/r.pem\"\ncollateral = \"none\"\n"
                  "collateral_bundle = \"/b.json\"",
                  "test.toml:13: attestation.collateral_bundle"},
        BadConfig{"OddAnchor", "\"intel\"", "\"simulator\"",
                  "test.toml:11: attestation.trust_anchor"},
        BadConfig{"DoubledKey", "[tls]", "[tls]\nkey = \"/a\"", "test.toml:7"},
        BadConfig{"NotToml", "[tls]", "[tls", "test.toml:4"},
        BadConfig{"TableIsAValue", "[audit]\ndirectory    = ",
                  "[listen.audit]\ndirectory = ", "test.toml:13"},
        BadConfig{"LimitOutOfRange", "[audit]",
                  "[limits]\nconnections = 0\n[audit]",
                  "test.toml:14: limits.connections"},
        BadConfig{"EvidenceTooSmall", "[audit]",
                  "[audit]\nevidence_max = \"8 MiB\"",
                  "test.toml:14: audit.evidence_max: must be a size such as "
                  "\"512 MiB\" or \"1 GiB\", from 16 MiB to 1048576 GiB"},
        BadConfig{"EvidenceTooLarge", "[audit]",
                  "[audit]\nevidence_max = \"1048577 GiB\"",
                  "from 16 MiB to 1048576 GiB"},
        BadConfig{"DurationTooLong", "[audit]",
                  "[limits]\nstop_timeout = \"25h\"\n[audit]",
                  "at most \"24h\""},
        BadConfig{"OtherKeysAreNamed", "directory",
                  "evidence_daies = 3\ndirectory",
                  "audit.evidence_daies: is not a key of this table, which has "
                  "directory, evidence, evidence_days, evidence_max, key, "},
        BadConfig{"OptionalKeysAreNamedToo", "[audit]",
                  "[admin]\naddress = \"a:1\"\nca = \"/a\"\nclr = \"/b\"\n"
                  "[audit]",
                  "admin.clr: is not a key of this table, which has address, "
                  "ca, crl"},
        BadConfig{"OtherTablesAreNamed", "[tls]", "[tsl]",
                  "test.toml:4: tsl: is not known here; the tables are "
                  "[listen], [admin], [tls], "},
        BadConfig{"MissingKeyIsShown", "sqlite       = ", "# ",
                  "store.sqlite: is missing: write sqlite = "
                  "\"/var/lib/tdxvfs/store.db\", say"},
        BadConfig{"MissingTableIsShown",
                  "[audit]\ndirectory    = \"/var/log/tdxvfs\"", "",
                  "audit.directory: is missing: write [audit] and below it "
                  "directory = \"/var/log/tdxvfs\", say"},
        BadConfig{"NoQuotes", "\"/var/log/tdxvfs\"", "/var/log/tdxvfs",
                  "text in \"quotes\""},
        BadConfig{"OddDuration", "[audit]",
                  "[limits]\nstop_timeout = \"5 minutes\"\n[audit]",
                  "test.toml:14: limits.stop_timeout"}),
    [](const auto& row) { return row.param.name; });

TEST(Config, RefusesAFileThatOthersMayWrite) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "keyserver.toml";
  ASSERT_THAT(WriteNewFile(path, AsBytes(kGood), 0664), Succeeds());
  EXPECT_THAT(LoadConfig(path), Fails(Reason::kConfigInvalid));
  EXPECT_THAT(LoadConfig(folder.path() / "none.toml"),
              Fails(Reason::kConfigMissing));
}

// The resolver makes port 34463 of it.
TEST(Config, AnAddressHasAHostAndAPort) {
  EXPECT_THAT(
      ParseConfig(Replaced("[::]:8443", "127.0.0.1:99999"), "test.toml"),
      Fails(Reason::kConfigInvalid));
}

}  // namespace
}  // namespace tdxvfs::keyserver
