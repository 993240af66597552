// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/sqlite_key_store.h"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "common/file.h"
#include "keyserver/keys/verity_column.h"
#include "tests/unit/keyserver/store_folder.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;

VerityDescription SomeVerity() {
  return {.hash = "sha256",
          .data_block_size = 4096,
          .hash_block_size = 4096,
          .data_blocks = 25600,
          .hash_start_block = 25600,
          .salt = {0x0a, 0xff},
          .root_hash = {7}};
}

class SqliteKeyStoreTest : public StoreFolder {};

TEST_F(SqliteKeyStoreTest, KeepsVersionsOverARestart) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_OK_AND_ASSIGN(
        const std::uint32_t version,
        store->AddVersion("data", DescriptionWith(1), SecretOf("first"), kNow));
    EXPECT_EQ(version, 1U);
  }
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_OK_AND_ASSIGN(const auto found, store->FindVersion("data", {1}));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->version, 1U);
  EXPECT_FALSE(found->retired);
  EXPECT_EQ(found->created, "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(found->description.uuid, DescriptionWith(1).uuid);
  EXPECT_EQ(found->description.header_size, 1048576U);
  EXPECT_EQ(found->description.mount_options,
            (std::vector<std::string>{"ro", "noatime"}));
  ASSERT_OK_AND_ASSIGN(const Secret passphrase, store->Passphrase(*found));
  EXPECT_EQ(AsText(passphrase.Reveal()), "first");
}

TEST_F(SqliteKeyStoreTest, KeepsVerityOverARestart) {
  for (const bool salted : {true, false}) {
    VersionDescription description = DescriptionWith(salted ? 1 : 2);
    description.verity = SomeVerity();
    if (!salted) {
      description.verity->salt.clear();
    }
    {
      ASSERT_OK_AND_ASSIGN(const auto store, Open());
      ASSERT_THAT(
          store->AddVersion("data", description, SecretOf("first"), kNow),
          Succeeds());
    }
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_OK_AND_ASSIGN(const auto found,
                         store->FindVersion("data", description.header_sha256));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->description.verity, description.verity);
    EXPECT_THAT(store->Passphrase(*found), Succeeds());
  }
}

// A version's records are sealed with the root hash: whoever can write the
// file, but has not the key, cannot make a guest accept other data.
TEST_F(SqliteKeyStoreTest, D5_ChangedVerityUnsealsNothing) {
  const std::string root = std::string("07") + std::string(62, '0');
  const std::string other = std::string("08") + std::string(62, '0');
  for (const auto& [from, to] :
       {std::pair(root, other), {"0aff", "0afe"}, {"25600", "25601"}}) {
    std::filesystem::remove(path());
    {
      ASSERT_OK_AND_ASSIGN(const auto store, Open());
      VersionDescription description = DescriptionWith(1);
      description.verity = SomeVerity();
      ASSERT_THAT(
          store->AddVersion("data", description, SecretOf("first"), kNow),
          Succeeds());
    }
    std::string change =
        "UPDATE versions SET description = CAST(replace(CAST(description AS "
        "TEXT), '";
    change += from;
    change += "', '";
    change += to;
    change += "') AS BLOB)";
    Tamper(change);
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    EXPECT_THAT(store->FindVersion("data", {1}), Fails(Reason::kStoreInvalid))
        << from;
  }
}

TEST_F(SqliteKeyStoreTest, UnreadableVerityIsAnInvalidStore) {
  for (const char* const column :
       {"", "sha256 4096", "sha256 4096 4096 1 1 zz -",
        "sha256 4096 4096 1 1 00 -"}) {
    EXPECT_THAT(ReadVerityColumn(column), Fails(Reason::kStoreInvalid))
        << column;
  }
}

TEST_F(SqliteKeyStoreTest, CountsVersionsAndRefusesAHeaderTwice) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_OK_AND_ASSIGN(
      const auto first,
      store->AddVersion("data", DescriptionWith(1), SecretOf("first"), kNow));
  EXPECT_EQ(first, 1U);
  EXPECT_THAT(
      store->AddVersion("data", DescriptionWith(1), SecretOf("again"), kNow),
      Fails(Reason::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(
      const auto second,
      store->AddVersion("data", DescriptionWith(2), SecretOf("second"), kNow));
  EXPECT_EQ(second, 2U);
  ASSERT_OK_AND_ASSIGN(
      const auto elsewhere,
      store->AddVersion("other", DescriptionWith(1), SecretOf("other"), kNow));
  EXPECT_EQ(elsewhere, 1U);
}

TEST_F(SqliteKeyStoreTest, KeepsAPassphraseOfAnyBytes) {
  std::string bytes;
  for (int value = 0; value < 256; ++value) {
    bytes.push_back(static_cast<char>(value));
  }
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_THAT(
      store->AddVersion("data", DescriptionWith(1), SecretOf(bytes), kNow),
      Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto found, store->FindVersion("data", {1}));
  ASSERT_OK_AND_ASSIGN(const Secret passphrase, store->Passphrase(*found));
  EXPECT_EQ(AsText(passphrase.Reveal()), bytes);
}

TEST_F(SqliteKeyStoreTest, RetiresAndDisables) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_THAT(
      store->AddVersion("data", DescriptionWith(1), SecretOf("x"), kNow),
      Succeeds());
  EXPECT_THAT(store->RetireVersion("data", 1), Succeeds());
  EXPECT_THAT(store->RetireVersion("data", 1), Succeeds());
  EXPECT_THAT(store->RetireVersion("data", 2), Fails(Reason::kVersionUnknown));
  EXPECT_THAT(store->RetireVersion("none", 1), Fails(Reason::kVolumeUnknown));
  ASSERT_OK_AND_ASSIGN(const auto found, store->FindVersion("data", {1}));
  EXPECT_TRUE(found->retired);
  EXPECT_THAT(store->SetDisabled("data", true), Succeeds());
  EXPECT_THAT(store->SetDisabled("none", true), Fails(Reason::kVolumeUnknown));
  ASSERT_OK_AND_ASSIGN(const auto volume, store->FindVolume("data"));
  EXPECT_TRUE(volume->disabled);
}

TEST_F(SqliteKeyStoreTest, KeepsPoliciesAlsoOfVolumesWithoutVersions) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_THAT(store->PutPolicy("new", "{\"one\":1}", "ann", kNow), Succeeds());
  ASSERT_THAT(store->PutPolicy("new", "{\"two\":2}", "bob", kNow), Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto volume, store->FindVolume("new"));
  ASSERT_TRUE(volume.has_value());
  EXPECT_EQ(volume->policy_json, "{\"two\":2}");
  ASSERT_OK_AND_ASSIGN(const auto none, store->FindVolume("none"));
  EXPECT_FALSE(none.has_value());
}

TEST_F(SqliteKeyStoreTest, HoldsNothingSecretInTheClear) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_THAT(store->AddVersion("data", DescriptionWith(1),
                                  SecretOf("correct horse battery"), kNow),
                Succeeds());
  }
  ASSERT_OK_AND_ASSIGN(const std::string bytes, ReadFile(path(), 1 << 20));
  EXPECT_EQ(bytes.find("correct horse"), std::string::npos);
}

TEST_F(SqliteKeyStoreTest, RefusesAnotherMasterKey) {
  ASSERT_THAT(Open('a'), Succeeds());
  EXPECT_THAT(Open('b'), Fails(Reason::kStoreKeyWrong));
  EXPECT_THAT(Open('a'), Succeeds());
}

TEST_F(SqliteKeyStoreTest, A18_AnotherTrustAnchorDoesNotStart) {
  ASSERT_THAT(Open('a', {1}), Succeeds());
  EXPECT_THAT(Open('a', {2}), Fails(Reason::kAnchorChanged));
  ASSERT_THAT(SqliteKeyStore::ChangeAnchor(path(), KeyOf('a'), {2}),
              Succeeds());
  EXPECT_THAT(Open('a', {2}), Succeeds());
  EXPECT_THAT(Open('a', {1}), Fails(Reason::kAnchorChanged));
}

TEST_F(SqliteKeyStoreTest, IsHeldByOneServerAtATime) {
  ASSERT_OK_AND_ASSIGN(auto store, Open());
  EXPECT_THAT(Open(), Fails(Reason::kStoreLocked));
  store.reset();
  EXPECT_THAT(Open(), Succeeds());
}

TEST_F(SqliteKeyStoreTest, RefusesANewerSchema) {
  ASSERT_THAT(Open(), Succeeds());
  Tamper("PRAGMA user_version = 4");
  EXPECT_THAT(Open(), Fails(Reason::kStoreNewer));
}

TEST_F(SqliteKeyStoreTest, RefusesADamagedFileAndLeavesItAlone) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_THAT(
        store->AddVersion("data", DescriptionWith(1), SecretOf("x"), kNow),
        Succeeds());
  }
  ASSERT_OK_AND_ASSIGN(std::string bytes, ReadFile(path(), 1 << 20));
  for (std::size_t i = 4096; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(~bytes[i]);
  }
  std::ofstream(path(), std::ios::binary) << bytes;
  EXPECT_THAT(Open(), Fails(Reason::kStoreInvalid));
  std::ofstream(path(), std::ios::binary) << "this is no database at all";
  EXPECT_THAT(Open(), Fails(Reason::kStoreInvalid));
  ASSERT_OK_AND_ASSIGN(const std::string left, ReadFile(path(), 1 << 20));
  EXPECT_EQ(left, "this is no database at all");
  std::ofstream(path(), std::ios::binary) << "";
  EXPECT_THAT(Open(), Fails(Reason::kStoreInvalid));
}

TEST_F(SqliteKeyStoreTest, NeverGetsTheJournalOfAnotherStore) {
  const std::filesystem::path journal = path().string() + "-journal";
  std::ofstream(journal, std::ios::binary) << "of a store that was moved away";
  EXPECT_THAT(Open(), Fails(Reason::kStoreInvalid));
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_TRUE(std::filesystem::exists(journal));
  std::filesystem::remove(journal);
  EXPECT_THAT(Open(), Succeeds());
}

TEST_F(SqliteKeyStoreTest, NewFileIsItsOwnersAlone) {
  ASSERT_THAT(Open(), Succeeds());
  EXPECT_EQ(
      std::filesystem::status(path()).permissions(),
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace tdxvfs::keyserver
