// SPDX-License-Identifier: Apache-2.0
#include "collateral/collateral_cache.h"

#include <sys/stat.h>

#include <fstream>

#include <gtest/gtest.h>

#include "collateral/offline_bundle.h"
#include "collateral/set_directory.h"
#include "common/file.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::collateral {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TemporaryFolder;

NamedSet SetWithTcbInfo(const std::string& tcb_info) {
  return {.name = {.fmspc = {1}},
          .documents = {.tcb_info = tcb_info,
                        .tcb_signing_chain = "chain",
                        .qe_identity = "{}",
                        .root_ca_crl = {0x30, 0x00},
                        .pck_crl = {0x30, 0xff},
                        .pck_crl_issuer_chain = "other chain"}};
}

mode_t ModeOf(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

TEST(CollateralCache, KeepsSetsForTheNextStart) {
  const TemporaryFolder folder;
  const auto directory = folder.path() / "cache";
  {
    ASSERT_OK_AND_ASSIGN(const auto cache, CollateralCache::Open(directory));
    EXPECT_THAT(cache.Store(SetWithTcbInfo("first")), Succeeds());
    EXPECT_THAT(cache.Store(SetWithTcbInfo("second")), Succeeds());
  }
  ASSERT_OK_AND_ASSIGN(const auto cache, CollateralCache::Open(directory));
  ASSERT_OK_AND_ASSIGN(const auto names, cache.Names());
  ASSERT_EQ(names.size(), 1U);
  EXPECT_EQ(names[0], SetWithTcbInfo("").name);
  ASSERT_OK_AND_ASSIGN(const auto documents, cache.Load(names[0]));
  EXPECT_EQ(documents.tcb_info, "second");
  EXPECT_EQ(documents.pck_crl, SetWithTcbInfo("").documents.pck_crl);
}

TEST(CollateralCache, IsForItsOwnerAlone) {
  const TemporaryFolder folder;
  const auto directory = folder.path() / "cache";
  ASSERT_OK_AND_ASSIGN(const auto cache, CollateralCache::Open(directory));
  ASSERT_THAT(cache.Store(SetWithTcbInfo("a")), Succeeds());
  EXPECT_EQ(ModeOf(directory), 0700U);
  EXPECT_EQ(ModeOf(directory / "tdx-010000000000-platform-standard.json"),
            0600U);
}

TEST(CollateralCache, SaysWhenASetIsNotThere) {
  const TemporaryFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto cache, CollateralCache::Open(folder.path()));
  EXPECT_THAT(cache.Load({}), Fails(Reason::kFileNotFound));
}

TEST(CollateralCache, RefusesDamagedFiles) {
  const TemporaryFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto cache, CollateralCache::Open(folder.path()));
  ASSERT_THAT(cache.Store(SetWithTcbInfo("a")), Succeeds());
  const auto path = folder.path() / "tdx-010000000000-platform-standard.json";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_THAT(cache.Load(SetWithTcbInfo("").name), Fails(Reason::kFileInvalid));
  std::filesystem::resize_file(path, 0);
  EXPECT_THAT(cache.Load(SetWithTcbInfo("").name), Fails(Reason::kFileInvalid));
}

TEST(CollateralCache, RefusesTheSetOfAnotherName) {
  const TemporaryFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto cache, CollateralCache::Open(folder.path()));
  ASSERT_THAT(cache.Store(SetWithTcbInfo("a")), Succeeds());
  std::filesystem::rename(
      folder.path() / "tdx-010000000000-platform-standard.json",
      folder.path() / "tdx-010000000000-platform-early.json");
  EXPECT_THAT(cache.Load({.fmspc = {1}, .update = Update::kEarly}),
              Fails(Reason::kFileInvalid));
}

TEST(CollateralCache, RefusesAFileOfSeveralSets) {
  const TemporaryFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto cache, CollateralCache::Open(folder.path()));
  NamedSet other = SetWithTcbInfo("b");
  other.name.update = Update::kEarly;
  std::ofstream(folder.path() / "tdx-010000000000-platform-standard.json")
      << BundleText({SetWithTcbInfo("a"), other});
  EXPECT_THAT(cache.Load(SetWithTcbInfo("").name), Fails(Reason::kFileInvalid));
}

TEST(CollateralCache, LeavesOtherFilesAloneAndRemovesUnfinishedOnes) {
  const TemporaryFolder folder;
  const auto other = folder.path() / "seen.json";
  const auto unfinished =
      folder.path() / "tdx-010000000000-platform-standard.json.new.aB3xyz";
  std::ofstream(other) << "x";
  std::ofstream(unfinished) << "x";
  ASSERT_OK_AND_ASSIGN(const auto cache, CollateralCache::Open(folder.path()));
  EXPECT_TRUE(std::filesystem::exists(other));
  EXPECT_FALSE(std::filesystem::exists(unfinished));
  ASSERT_OK_AND_ASSIGN(const auto names, cache.Names());
  EXPECT_TRUE(names.empty());
}

TEST(SetDirectory, GivesBackEveryByteAndIsReplaced) {
  const TemporaryFolder folder;
  const auto directory = folder.path() / "set";
  EXPECT_FALSE(IsSetDirectory(directory));
  ASSERT_THAT(WriteSetDirectory(directory, SetWithTcbInfo("a").documents),
              Succeeds());
  ASSERT_THAT(WriteSetDirectory(directory, SetWithTcbInfo("b").documents),
              Succeeds());
  EXPECT_TRUE(IsSetDirectory(directory));
  ASSERT_OK_AND_ASSIGN(const auto documents, ReadSetDirectory(directory));
  EXPECT_EQ(documents.tcb_info, "b");
  EXPECT_EQ(documents.root_ca_crl, SetWithTcbInfo("").documents.root_ca_crl);
  EXPECT_EQ(documents.pck_crl_issuer_chain, "other chain");
}

TEST(SetDirectory, NamesTheFileThatIsMissing) {
  const TemporaryFolder folder;
  ASSERT_THAT(WriteSetDirectory(folder.path(), SetWithTcbInfo("a").documents),
              Succeeds());
  std::filesystem::remove(folder.path() / "pck_crl.der");
  const auto documents = ReadSetDirectory(folder.path());
  ASSERT_THAT(documents, Fails(Reason::kFileNotFound));
  EXPECT_NE(documents.error().ToString().find("pck_crl.der"),
            std::string::npos);
}

}  // namespace
}  // namespace tdxvfs::collateral
