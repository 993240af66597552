// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/store_migration.h"

#include <algorithm>
#include <filesystem>
#include <string>

#include "common/file.h"
#include "tests/support/faulty_vfs.h"
#include "tests/unit/keyserver/store_folder.h"

namespace tdxvfs::keyserver {
namespace {

namespace fs = std::filesystem;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Fault;
using ::tdxvfs::testing::RunWithFault;
using ::tdxvfs::testing::Succeeds;
using ::testing::HasSubstr;

constexpr std::string_view kIntelAnchor =
    "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e";
constexpr std::string_view kHeader1 =
    "929a09c7ea7a5ea5c9e6bd3d60c5de777f3ab6ca521b8c1e46bba482a353a416";
constexpr std::string_view kHeader2 =
    "aecc3da8fd6e2e565021374a06908d49518b1f817e0871927b96f6c2e39940b7";
constexpr std::string_view kHeaderOther =
    "ebf02cfe0d93c403f134fa8f618933f13a0d7b71e4320b911d4b9214120235a6";

Sha256Digest DigestOf(std::string_view hex) {
  Sha256Digest digest{};
  std::ranges::copy(*FromHex(hex), digest.begin());
  return digest;
}

// The store of schema 1 in tests/golden/store.
class StoreMigration : public StoreFolder {
 protected:
  void SetUp() override {
    fs::copy_file(TDXVFS_SOURCE_DIR "/tests/golden/store/schema1.db", path());
    before_ = *ReadFile(path(), 1 << 20);
  }
  Result<std::unique_ptr<SqliteKeyStore>> OpenGolden(char key = 'a') const {
    return Open(key, DigestOf(kIntelAnchor));
  }
  fs::path Beside(const std::string& suffix) const {
    return path().string() + suffix;
  }
  static void ExpectVersion(SqliteKeyStore* store, const std::string& volume,
                            std::string_view header, bool retired,
                            std::string_view passphrase) {
    ASSERT_OK_AND_ASSIGN(const auto found,
                         store->FindVersion(volume, DigestOf(header)));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->retired, retired);
    EXPECT_EQ(found->description.header_profile, "sealed-1");
    EXPECT_EQ(found->description.mount_options, std::vector<std::string>{"ro"});
    ASSERT_OK_AND_ASSIGN(const Secret secret, store->Passphrase(*found));
    EXPECT_EQ(AsText(secret.Reveal()), passphrase);
  }
  void ExpectAll(SqliteKeyStore* store) const {
    ExpectVersion(store, "data", kHeader1, true, "first passphrase");
    ExpectVersion(store, "data", kHeader2, false, "second passphrase");
    ExpectVersion(store, "other", kHeaderOther, false, "third passphrase");
    ASSERT_OK_AND_ASSIGN(const auto volumes, store->ListVolumes("", 10));
    ASSERT_EQ(volumes.size(), 3U);
    for (const auto& volume : volumes) {
      ASSERT_THAT(volume.record, Succeeds());
    }
    EXPECT_FALSE(volumes[0].record->disabled);
    EXPECT_THAT(volumes[0].record->policy_json.value_or(""),
                HasSubstr("\"mr_td\""));
    EXPECT_TRUE(volumes[1].record->disabled);
    EXPECT_FALSE(volumes[1].record->policy_json.has_value());
    EXPECT_EQ(volumes[2].record->name, "unborn");
  }

  std::string before_;
};

TEST_F(StoreMigration, KeepsEverythingOfSchema1) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, OpenGolden());
    ExpectAll(store.get());
    ASSERT_OK_AND_ASSIGN(const auto history, store->ListPolicies("data", 10));
    ASSERT_EQ(history.size(), 1U);
    ASSERT_THAT(history[0].record, Succeeds());
    EXPECT_EQ(history[0].record->author, "");
  }
  ASSERT_OK_AND_ASSIGN(const auto store, OpenGolden());
  ExpectAll(store.get());
}

// Schema 2 is schema 1 with a column more; a row of it has parameters there.
TEST_F(StoreMigration, KeepsVerityOfSchema2) {
  constexpr std::string_view verity =
      "sha256 4096 4096 25600 25600 "
      "0700000000000000000000000000000000000000000000000000000000000000 0aff";
  Tamper(
      "ALTER TABLE versions ADD COLUMN verity TEXT; PRAGMA user_version = 2");
  {
    // As the program of schema 2 registers a version.
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &raw), SQLITE_OK);
    const SqlitePtr database(raw);
    const std::string uuid = DescriptionWith(9).uuid;
    std::string described;
    for (const std::string& field :
         {uuid, std::string("1048576"), std::string(32, '9'),
          std::string("sealed-1"), std::string("erofs"), std::string("ro"),
          std::string(verity)}) {
      described += std::to_string(field.size()) + ":" + field;
    }
    ASSERT_OK_AND_ASSIGN(
        const auto sealed,
        KeyOf('a').Seal({"passphrase", "data", 3, AsBytes(described)},
                        AsBytes("fourth")));
    ASSERT_OK_AND_ASSIGN(
        SqliteStatement insert,
        SqliteStatement::Prepare(
            raw,
            "INSERT INTO versions VALUES('data', 3, ?, 1048576, ?, 'sealed-1', "
            "'erofs', 'ro', '', 0, ?, ?)"));
    ASSERT_THAT(
        insert.Bind(uuid)
            .Bind(AsBytes(std::string_view("99999999999999999999999999999999")))
            .Bind(sealed)
            .Bind(verity)
            .Run(),
        Succeeds());
  }
  ASSERT_OK_AND_ASSIGN(const auto store, OpenGolden());
  Sha256Digest digest{};
  digest.fill('9');
  ASSERT_OK_AND_ASSIGN(const auto found, store->FindVersion("data", digest));
  ASSERT_TRUE(found.has_value());
  ASSERT_TRUE(found->description.verity.has_value());
  EXPECT_EQ(found->description.verity->data_blocks, 25600U);
  ASSERT_OK_AND_ASSIGN(const Secret passphrase, store->Passphrase(*found));
  EXPECT_EQ(AsText(passphrase.Reveal()), "fourth");
  EXPECT_TRUE(fs::exists(Beside(".schema-2")));
}

TEST_F(StoreMigration, LeavesACopyOfWhatWasThereAndOverwritesNone) {
  ASSERT_THAT(OpenGolden(), Succeeds());
  EXPECT_FALSE(fs::exists(Beside(".schema-1.partial")));
  EXPECT_EQ(fs::status(Beside(".schema-1")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  fs::remove(path());
  fs::copy_file(Beside(".schema-1"), path());
  ASSERT_OK_AND_ASSIGN(const auto store, OpenGolden());
  ExpectAll(store.get());
  EXPECT_TRUE(fs::exists(Beside(".schema-1.2")));
}

TEST_F(StoreMigration, TouchesNothingWithAnotherKeyOrADamagedRecord) {
  EXPECT_THAT(OpenGolden('b'), Fails(Reason::kStoreKeyWrong));
  EXPECT_FALSE(fs::exists(Beside(".schema-1")));
  EXPECT_TRUE(*ReadFile(path(), 1 << 20) == before_);
  Tamper("UPDATE versions SET passphrase = zeroblob(40) WHERE version = 2");
  const std::string damaged = *ReadFile(path(), 1 << 20);
  // However often a service manager tries, there is no copy for each.
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(OpenGolden(), Fails(Reason::kStoreInvalid));
  }
  EXPECT_TRUE(*ReadFile(path(), 1 << 20) == damaged);
  EXPECT_FALSE(fs::exists(Beside(".schema-1")));
}

TEST_F(StoreMigration, LeavesAStoreAsItIsThatHasMoreInItThanIsKnown) {
  Tamper("CREATE TABLE more(name TEXT)");
  const std::string more = *ReadFile(path(), 1 << 20);
  EXPECT_THAT(OpenGolden(), Fails(Reason::kStoreInvalid));
  EXPECT_TRUE(*ReadFile(path(), 1 << 20) == more);
}

TEST_F(StoreMigration, AVersionThatItsTablesDoNotHaveIsNamedAndNothingChanged) {
  const auto refused = [this](std::string_view words) {
    const std::string before = *ReadFile(path(), 1 << 20);
    const auto opened = OpenGolden();
    ASSERT_THAT(opened, Fails(Reason::kStoreInvalid));
    EXPECT_THAT(opened.error().ToString(), HasSubstr(words));
    EXPECT_TRUE(*ReadFile(path(), 1 << 20) == before);
    EXPECT_FALSE(fs::exists(Beside(".schema-1")));
    EXPECT_FALSE(fs::exists(Beside(".schema-2")));
  };
  // Too new for its tables.
  Tamper("PRAGMA user_version = 2");
  refused("says that it is of schema version 2, but its tables are not");
  Tamper("PRAGMA user_version = 3");
  refused("not of its layout");
  Tamper("PRAGMA user_version = 1");
  ASSERT_THAT(OpenGolden(), Succeeds());
  fs::remove(Beside(".schema-1"));
  // And set back.
  for (const char* version : {"1", "2"}) {
    Tamper(std::string("PRAGMA user_version = ") + version);
    refused(std::string("says that it is of schema version ") + version);
  }
  Tamper("PRAGMA user_version = 0");
  refused("not a key store: its schema version is 0");
  Tamper("PRAGMA user_version = 3");
  ASSERT_OK_AND_ASSIGN(const auto store, OpenGolden());
  ExpectAll(store.get());
}

TEST_F(StoreMigration, StillRefusesAnotherTrustAnchor) {
  EXPECT_THAT(Open('a', {1}), Fails(Reason::kAnchorChanged));
  EXPECT_THAT(OpenGolden(), Succeeds());
}

TEST_F(StoreMigration, IsWholeOrUndoneWhereverItIsKilled) {
  int killed = 0;
  for (int at = 1;; ++at) {
    ASSERT_THAT(ReplaceFile(path(), AsBytes(before_), 0600), Succeeds());
    fs::remove(Beside("-journal"));
    if (!RunWithFault(at, Fault::kKill, [&] { (void)OpenGolden(); })) {
      break;
    }
    ++killed;
    ASSERT_OK_AND_ASSIGN(const auto store, OpenGolden());
    ExpectAll(store.get());
  }
  EXPECT_GT(killed, 10);
}

TEST_F(StoreMigration, ChangesNothingOnAFullOrReadOnlyDisk) {
  for (const Fault fault : {Fault::kFull, Fault::kReadOnly}) {
    for (int at = 1;; ++at) {
      ASSERT_THAT(ReplaceFile(path(), AsBytes(before_), 0600), Succeeds());
      fs::remove(Beside("-journal"));
      if (!RunWithFault(at, fault, [&] { (void)OpenGolden(); })) {
        break;
      }
      ASSERT_OK_AND_ASSIGN(const auto store, OpenGolden());
      ExpectAll(store.get());
    }
  }
}

}  // namespace
}  // namespace tdxvfs::keyserver
