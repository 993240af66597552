// SPDX-License-Identifier: Apache-2.0
#include "keyserver/init.h"

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>

#include <openssl/pem.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/owned_openssl.h"
#include "keyserver/check_config.h"
#include "keyserver/config.h"
#include "keyserver/key_server.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TemporaryFolder;
using ::testing::HasSubstr;

X509Ptr Certificate(const std::filesystem::path& path) {
  const std::string pem = std::move(*ReadFile(path, 1 << 16));
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

TEST(Init, WritesAConfigurationThatTheServerTakes) {
  const TemporaryFolder folder;
  const auto directory = folder.path() / "server";
  ASSERT_OK_AND_ASSIGN(const std::string text,
                       Init({.directory = directory,
                             .names = {"keys.example.com", "127.0.0.1"},
                             .listen = "127.0.0.1:8443"}));
  EXPECT_THAT(text, HasSubstr("servers = [\"keys.example.com:8443\"]"));
  ASSERT_OK_AND_ASSIGN(const Config config,
                       LoadConfig(directory / "keyserver.toml"));
  EXPECT_THAT(CheckConfig(config, SystemClock().Now()), Succeeds());
}

TEST(Init, WritesACertificateForEveryName) {
  const TemporaryFolder folder;
  ASSERT_THAT(Init({.directory = folder.path() / "s",
                    .names = {"keys.example.com", "192.0.2.7", "2001:db8::7"}}),
              Succeeds());
  const X509Ptr server = Certificate(folder.path() / "s/tls/server.pem");
  const X509Ptr ca = Certificate(folder.path() / "s/tls/ca.pem");
  ASSERT_TRUE(server && ca);
  EXPECT_EQ(X509_check_host(server.get(), "keys.example.com", 0, 0, nullptr),
            1);
  EXPECT_EQ(X509_check_ip_asc(server.get(), "192.0.2.7", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(server.get(), "2001:db8::7", 0), 1);
  EXPECT_EQ(X509_check_host(server.get(), "example.com", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_verify(server.get(), X509_get0_pubkey(ca.get())), 1);
}

TEST(Init, KeepsSecretsFromOthers) {
  const TemporaryFolder folder;
  ASSERT_THAT(Init({.directory = folder.path() / "s", .names = {"a"}}),
              Succeeds());
  for (const char* name : {"master.key", "tls/ca.key", "tls/server.key"}) {
    struct stat status {};
    ASSERT_EQ(stat((folder.path() / "s" / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
  }
}

TEST(Init, OverwritesNothing) {
  const TemporaryFolder folder;
  const InitOptions options{.directory = folder.path() / "s", .names = {"a"}};
  ASSERT_THAT(Init(options), Succeeds());
  std::map<std::filesystem::path, std::string> before;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder.path())) {
    if (entry.is_regular_file()) {
      before[entry.path()] = std::move(*ReadFile(entry.path(), 1 << 20));
    }
  }
  EXPECT_THAT(Init(options), Fails(Reason::kAlreadyExists));
  std::filesystem::remove(folder.path() / "s/keyserver.toml");
  EXPECT_THAT(Init(options), Fails(Reason::kAlreadyExists));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "s/keyserver.toml"));
  for (const auto& [path, content] : before) {
    if (path.filename() != "keyserver.toml") {
      EXPECT_EQ(*ReadFile(path, 1 << 20), content) << path;
    }
  }
}

TEST(Init, RefusesWhatTheServerWouldNotTake) {
  const TemporaryFolder folder;
  const auto directory = folder.path() / "s";
  EXPECT_THAT(Init({.directory = directory, .names = {"a b"}}),
              Fails(Reason::kUsage));
  EXPECT_THAT(Init({.directory = directory, .names = {"a,DNS:evil"}}),
              Fails(Reason::kUsage));
  EXPECT_THAT(Init({.directory = directory, .names = {"a"}, .listen = "x"}),
              Fails(Reason::kConfigInvalid));
  EXPECT_THAT(
      Init({.directory = directory, .names = {"a"}, .collateral = "off"}),
      Fails(Reason::kConfigInvalid));
  EXPECT_THAT(
      Init({.directory = directory, .names = {"a"}, .collateral = "none"}),
      Fails(Reason::kConfigInvalid));
  EXPECT_FALSE(std::filesystem::exists(directory));
}

}  // namespace
}  // namespace tdxvfs::keyserver
