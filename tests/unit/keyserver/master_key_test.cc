// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/master_key.h"

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/file.h"
#include "common/hex.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/keyserver/store_folder.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using ::tdxvfs::testing::TemporaryFolder;

TEST(MasterKey, OpensWhatItSealed) {
  const MasterKey key = KeyOf('a');
  ASSERT_OK_AND_ASSIGN(const auto sealed,
                       key.Seal({"passphrase", "data", 1}, AsBytes("secret")));
  ASSERT_OK_AND_ASSIGN(const Secret opened,
                       key.Unseal({"passphrase", "data", 1}, sealed));
  EXPECT_EQ(AsText(opened.Reveal()), "secret");
}

TEST(MasterKey, SealsTheSameTextDifferentlyEachTime) {
  const MasterKey key = KeyOf('a');
  ASSERT_OK_AND_ASSIGN(const auto first,
                       key.Seal({"passphrase", "data", 1}, AsBytes("secret")));
  ASSERT_OK_AND_ASSIGN(const auto second,
                       key.Seal({"passphrase", "data", 1}, AsBytes("secret")));
  EXPECT_NE(first, second);
}

TEST(MasterKey, RefusesAnyOtherIdentityOrKey) {
  const MasterKey key = KeyOf('a');
  const std::string described = "header";
  const RecordIdentity identity{"passphrase", "data", 1, AsBytes(described)};
  ASSERT_OK_AND_ASSIGN(const auto sealed,
                       key.Seal(identity, AsBytes("secret")));
  const std::string other = "footer";
  const std::vector<RecordIdentity> foreign = {
      {"policy", "data", 1, AsBytes(described)},
      {"passphrase", "datb", 1, AsBytes(described)},
      {"passphrase", "data", 2, AsBytes(described)},
      {"passphrase", "data", 1, AsBytes(other)},
      {"passphrase", "data", 1, {}},
      {"passphrasedata", "", 1, AsBytes(described)}};
  for (const RecordIdentity& place : foreign) {
    EXPECT_THAT(key.Unseal(place, sealed), Fails(Reason::kStoreInvalid));
  }
  EXPECT_THAT(KeyOf('b').Unseal(identity, sealed),
              Fails(Reason::kStoreInvalid));
}

TEST(MasterKey, RefusesEveryFlippedBitAndEveryTruncation) {
  const MasterKey key = KeyOf('a');
  const RecordIdentity identity{"passphrase", "data", 1};
  ASSERT_OK_AND_ASSIGN(auto sealed, key.Seal(identity, AsBytes("secret")));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    sealed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_THAT(key.Unseal(identity, sealed), Fails(Reason::kStoreInvalid));
    sealed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_THAT(key.Unseal(identity, std::span(sealed).first(size)),
                Fails(Reason::kStoreInvalid));
  }
  EXPECT_THAT(key.Unseal(identity, sealed), Succeeds());
}

TEST(MasterKey, LoadsAFileThatIsItsOwnersAlone) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "master.key";
  ASSERT_THAT(WriteNewFile(path, AsBytes(std::string(32, 'k')), 0600),
              Succeeds());
  EXPECT_THAT(MasterKey::Load(path), Succeeds());
}

struct BadKeyFile {
  std::string name;
  std::size_t size;
  mode_t mode;
};

class MasterKeyFile : public ::testing::TestWithParam<BadKeyFile> {};

TEST_P(MasterKeyFile, IsRefused) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "master.key";
  ASSERT_THAT(WriteNewFile(path, AsBytes(std::string(GetParam().size, 'k')),
                           GetParam().mode),
              Succeeds());
  EXPECT_THAT(MasterKey::Load(path), Fails(Reason::kConfigInvalid));
}

INSTANTIATE_TEST_SUITE_P(
    All, MasterKeyFile,
    ::testing::Values(BadKeyFile{"TooShort", 31, 0600},
                      BadKeyFile{"TooLong", 33, 0600},
                      BadKeyFile{"MuchTooLong", 100000, 0600},
                      BadKeyFile{"Empty", 0, 0600},
                      BadKeyFile{"ReadableByGroup", 32, 0640},
                      BadKeyFile{"ReadableByOthers", 32, 0604}),
    [](const auto& row) { return row.param.name; });

TEST(MasterKey, ComesFromACredential) {
  const TemporaryFolder folder;
  // systemd makes credentials readable to the unit's user by an access list,
  // which shows as a group's mode.
  ASSERT_THAT(WriteNewFile(folder.path() / "master-key",
                           AsBytes(std::string(32, 'k')), 0440),
              Succeeds());
  setenv("CREDENTIALS_DIRECTORY", folder.path().c_str(), 1);
  EXPECT_THAT(MasterKey::Load("credential:master-key"), Succeeds());
  EXPECT_THAT(MasterKey::Load("credential:other"),
              Fails(Reason::kConfigMissing));
  EXPECT_THAT(MasterKey::Load("credential:../master-key"),
              Fails(Reason::kConfigInvalid));
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_THAT(MasterKey::Load("credential:master-key"),
              Fails(Reason::kConfigMissing));
}

TEST(MasterKey, MissingFileIsNamedAsMissingConfiguration) {
  EXPECT_THAT(MasterKey::Load("/nonexistent/master.key"),
              Fails(Reason::kConfigMissing));
  EXPECT_THAT(MasterKey::Load("master.key"), Fails(Reason::kConfigInvalid));
}

}  // namespace
}  // namespace tdxvfs::keyserver
