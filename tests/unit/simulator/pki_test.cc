// SPDX-License-Identifier: Apache-2.0
#include "simulator/pki.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::simulator {
namespace {

using testing::Fails;
using testing::Succeeds;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = ::testing::TempDir() + "tdxvfs-pki-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(Pki, ComesBackFromItsFolderAndStillSigns) {
  const TemporaryFolder temporary;
  const auto folder = temporary.path() / "pki";
  ASSERT_THAT(testing::GoodPki().Save(folder), Succeeds());
  ASSERT_OK_AND_ASSIGN(const Pki pki, Pki::Load(folder));
  ASSERT_OK_AND_ASSIGN(const QuoteSigner signer, QuoteSigner::Create(pki));
  ASSERT_OK_AND_ASSIGN(const Bytes quote, signer.Sign(5, GoodTdReport()));
  const auto verdict = testing::VerdictOn(quote);
  EXPECT_TRUE(verdict.genuine) << verdict.failure;
}

TEST(Pki, KeepsItsKeysToItself) {
  const TemporaryFolder temporary;
  ASSERT_THAT(testing::GoodPki().Save(temporary.path()), Succeeds());
  for (const char* name :
       {"root.key", "intermediate.key", "leaf.key", "tcb_signing.key"}) {
    struct stat status {};
    ASSERT_EQ(stat((temporary.path() / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
  }
}

TEST(Pki, OverwritesNothing) {
  const TemporaryFolder temporary;
  ASSERT_THAT(testing::GoodPki().Save(temporary.path()), Succeeds());
  std::filesystem::remove(temporary.path() / "root.key");
  EXPECT_THAT(testing::GoodPki().Save(temporary.path()),
              Fails(Reason::kAlreadyExists));
  EXPECT_FALSE(std::filesystem::exists(temporary.path() / "root.key"));
}

// Folders of versions that signed no collateral.
TEST(Pki, IssuesATcbSigningCertificateForAnOlderFolder) {
  const TemporaryFolder temporary;
  ASSERT_THAT(testing::GoodPki().Save(temporary.path()), Succeeds());
  std::filesystem::remove(temporary.path() / "tcb_signing.pem");
  std::filesystem::remove(temporary.path() / "tcb_signing.key");
  ASSERT_OK_AND_ASSIGN(const Pki pki, Pki::Load(temporary.path()));
  EXPECT_EQ(X509_verify(pki.tcb_signing(), pki.root_key()), 1);
  EXPECT_FALSE(std::filesystem::exists(temporary.path() / "tcb_signing.pem"));
}

TEST(Pki, TcbSigningCertificateWithoutItsKeyIsMissingAFile) {
  const TemporaryFolder temporary;
  ASSERT_THAT(testing::GoodPki().Save(temporary.path()), Succeeds());
  std::filesystem::remove(temporary.path() / "tcb_signing.key");
  EXPECT_THAT(Pki::Load(temporary.path()), Fails(Reason::kFileNotFound));
}

TEST(Pki, TellsThePlatformOfItsLeaf) {
  Platform wanted;
  wanted.fmspc = {0xb0, 0xc0, 0x6f};
  wanted.tcb_components[15] = 0xff;
  wanted.pce_svn = 0x8001;
  for (const PckCa ca : {PckCa::kPlatform, PckCa::kProcessor}) {
    ASSERT_OK_AND_ASSIGN(const Pki pki, Pki::Make(GoodPkiSpec(wanted, ca)));
    ASSERT_OK_AND_ASSIGN(const Platform platform, PlatformOf(pki.leaf()));
    EXPECT_EQ(platform.fmspc, wanted.fmspc);
    EXPECT_EQ(platform.ppid, wanted.ppid);
    EXPECT_EQ(platform.pce_id, wanted.pce_id);
    EXPECT_EQ(platform.pce_svn, wanted.pce_svn);
    EXPECT_EQ(platform.tcb_components, wanted.tcb_components);
    EXPECT_THAT(PlatformOf(pki.root()), Fails(Reason::kFileInvalid));
  }
}

TEST(Pki, A18_EachHasARootOfItsOwn) {
  ASSERT_OK_AND_ASSIGN(const Pki one, Pki::Make(GoodPkiSpec()));
  ASSERT_OK_AND_ASSIGN(const Pki other, Pki::Make(GoodPkiSpec()));
  EXPECT_NE(EVP_PKEY_eq(one.root_key(), other.root_key()), 1);
}

TEST(Pki, NamesTheFileThatIsMissingOrBroken) {
  const TemporaryFolder temporary;
  EXPECT_THAT(Pki::Load(temporary.path()), Fails(Reason::kFileNotFound));
  ASSERT_THAT(testing::GoodPki().Save(temporary.path()), Succeeds());
  std::filesystem::resize_file(temporary.path() / "leaf.pem", 40);
  const auto pki = Pki::Load(temporary.path());
  ASSERT_THAT(pki, Fails(Reason::kFileInvalid));
  EXPECT_NE(pki.error().ToString().find("leaf.pem"), std::string::npos);
}

}  // namespace
}  // namespace tdxvfs::simulator
