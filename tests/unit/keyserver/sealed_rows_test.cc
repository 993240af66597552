// SPDX-License-Identifier: Apache-2.0
// What somebody who can write the store's file, but has not its key, can do to
// it: every change of what a decision hangs on is noticed.
#include "keyserver/keys/sealed_rows.h"

#include <string>
#include <vector>

#include "common/file.h"
#include "tests/unit/keyserver/store_folder.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;

struct Tampering {
  std::string name;
  std::string sql;
};

// Two volumes: `mine` with two versions (the first retired) and two policies,
// `theirs`, which is disabled, with one of each.
class TamperedStore : public StoreFolder,
                      public ::testing::WithParamInterface<Tampering> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    for (const char* const volume : {"mine", "theirs"}) {
      ASSERT_THAT(
          store->AddVersion(volume, DescriptionWith(1), SecretOf("one"), kNow),
          Succeeds());
      ASSERT_THAT(store->PutPolicy(volume, "{\"lax\":1}", "ann", kNow),
                  Succeeds());
    }
    ASSERT_THAT(
        store->AddVersion("mine", DescriptionWith(2), SecretOf("two"), kNow),
        Succeeds());
    ASSERT_THAT(store->PutPolicy("mine", "{\"strict\":1}", "ann", kNow),
                Succeeds());
    ASSERT_THAT(store->RetireVersion("mine", 1), Succeeds());
    ASSERT_THAT(store->SetDisabled("theirs", true), Succeeds());
    ASSERT_THAT(store->SetLimits("theirs", 1, LimitOf(0)), Succeeds());
  }

  // Everything that a release reads of one version.
  static Result<void> Use(SqliteKeyStore* store, const std::string& volume,
                          std::uint8_t digest) {
    ASSIGN_OR_RETURN(const auto found, store->FindVolume(volume));
    if (!found.has_value()) {
      return Error(Reason::kStoreInvalid, "no volume");
    }
    ASSIGN_OR_RETURN(const auto version, store->FindVersion(volume, {digest}));
    if (!version.has_value()) {
      return Error(Reason::kStoreInvalid, "no version");
    }
    return store->Passphrase(*version).has_value()
               ? Result<void>()
               : Error(Reason::kStoreInvalid, "no passphrase");
  }
  static Result<void> UseAll(SqliteKeyStore* store) {
    RETURN_IF_ERROR(Use(store, "mine", 1));
    RETURN_IF_ERROR(Use(store, "mine", 2));
    return Use(store, "theirs", 1);
  }
};

TEST_P(TamperedStore, IsRefusedWhereItWasChanged) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_THAT(UseAll(store.get()), Succeeds());
  }
  Tamper("PRAGMA foreign_keys = OFF;" + GetParam().sql);
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  EXPECT_THAT(UseAll(store.get()), Fails(Reason::kStoreInvalid));
}

INSTANTIATE_TEST_SUITE_P(
    All, TamperedStore,
    ::testing::Values(
        Tampering{"PassphraseOfAnotherVolume",
                  "UPDATE versions SET passphrase = (SELECT passphrase FROM "
                  "versions WHERE volume = 'mine' AND version = 1) "
                  "WHERE volume = 'theirs'"},
        Tampering{"PassphraseOfAnotherVersion",
                  "UPDATE versions SET passphrase = (SELECT passphrase FROM "
                  "versions WHERE volume = 'mine' AND version = 1) "
                  "WHERE volume = 'mine' AND version = 2"},
        Tampering{"VersionsSwapped",
                  "UPDATE versions SET version = 3 - version "
                  "+ 10 WHERE volume = 'mine'"},
        Tampering{"VersionCopiedToAnotherVolume",
                  "DELETE FROM versions WHERE volume = 'theirs';"
                  "INSERT INTO versions SELECT 'theirs', 1, header_sha256, "
                  "description, state, passphrase FROM versions "
                  "WHERE volume = 'mine' AND version = 1"},
        Tampering{"StateOfALiveVersionOnARetiredOne",
                  "UPDATE versions SET state = (SELECT state FROM versions "
                  "WHERE volume = 'mine' AND version = 2) "
                  "WHERE volume = 'mine' AND version = 1"},
        Tampering{"StateOfAnUnlimitedVersion",
                  "UPDATE versions SET state = (SELECT state FROM versions "
                  "WHERE volume = 'mine' AND version = 2) "
                  "WHERE volume = 'theirs'"},
        Tampering{"HeaderDigest",
                  "UPDATE versions SET header_sha256 = zeroblob(32) "
                  "WHERE volume = 'mine' AND version = 2"},
        Tampering{"Description",
                  "UPDATE versions SET description = (SELECT description FROM "
                  "versions WHERE volume = 'mine' AND version = 2) "
                  "WHERE volume = 'mine' AND version = 1"},
        Tampering{"EnabledByAnotherVolumesState",
                  "UPDATE volumes SET state = (SELECT state FROM volumes "
                  "WHERE name = 'mine') WHERE name = 'theirs'"},
        Tampering{"PolicyOfAnotherVolume",
                  "UPDATE policies SET policy = (SELECT policy FROM policies "
                  "WHERE volume = 'theirs' AND number = 1) "
                  "WHERE volume = 'mine' AND number = 2"},
        Tampering{"EarlierPolicy",
                  "UPDATE policies SET policy = (SELECT policy FROM policies "
                  "WHERE volume = 'mine' AND number = 1) "
                  "WHERE volume = 'mine' AND number = 2"},
        Tampering{"PolicyRemoved",
                  "DELETE FROM policies WHERE volume = 'mine' AND number = 2"},
        Tampering{"PassphraseRemoved",
                  "UPDATE versions SET passphrase = NULL "
                  "WHERE volume = 'mine'"},
        Tampering{"StateCutOff",
                  "UPDATE volumes SET state = substr(state, 1, 20)"},
        Tampering{"StateEmpty", "UPDATE versions SET state = X''"}),
    [](const auto& row) { return row.param.name; });

class SealedRowsTest : public StoreFolder {};

TEST_F(SealedRowsTest, EveryFlippedByteOfASealedColumnIsNoticed) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_THAT(
        store->AddVersion("data", DescriptionWith(1), SecretOf("x"), kNow),
        Succeeds());
  }
  ASSERT_OK_AND_ASSIGN(const std::string before, ReadFile(path(), 1 << 20));
  for (int byte = 1; byte <= 40; ++byte) {
    const std::string n = std::to_string(byte);
    // The byte becomes one that it was not.
    std::string flip = "UPDATE versions SET state = CAST(substr(state, 1, ";
    flip += n;
    flip += " - 1) || CASE substr(state, ";
    flip += n;
    flip += ", 1) WHEN X'00' THEN X'01' ELSE X'00' END || substr(state, ";
    flip += n;
    flip += " + 1) AS BLOB)";
    Tamper(flip);
    {
      ASSERT_OK_AND_ASSIGN(const auto store, Open());
      EXPECT_THAT(store->FindVersion("data", {1}), Fails(Reason::kStoreInvalid))
          << byte;
    }
    ASSERT_THAT(ReplaceFile(path(), AsBytes(before), 0600), Succeeds());
  }
}

// What sealing cannot tell: an earlier row in its own place.
TEST_F(SealedRowsTest, AnEarlierStateOfTheSameRowOpens) {
  const std::string earlier = folder_.path() / "earlier.db";
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_THAT(
        store->AddVersion("data", DescriptionWith(1), SecretOf("x"), kNow),
        Succeeds());
  }
  std::filesystem::copy_file(path(), earlier);
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_THAT(store->RetireVersion("data", 1), Succeeds());
  }
  Tamper("ATTACH '" + earlier +
         "' AS earlier; UPDATE versions SET state = "
         "(SELECT state FROM earlier.versions)");
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_OK_AND_ASSIGN(const auto found, store->FindVersion("data", {1}));
  EXPECT_FALSE(found->retired);
}

TEST_F(SealedRowsTest, AnythingThatIsNotOfTheLayoutIsRefused) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_THAT(
        store->AddVersion("data", DescriptionWith(1), SecretOf("x"), kNow),
        Succeeds());
  }
  const std::string before = *ReadFile(path(), 1 << 20);
  for (const std::string sql :
       // A trigger that undoes a retirement with every seal intact.
       {"CREATE TRIGGER undo AFTER UPDATE ON versions BEGIN UPDATE versions "
        "SET state = OLD.state WHERE version = OLD.version; END",
        "CREATE VIEW more AS SELECT * FROM volumes", "CREATE TABLE more(x)",
        "CREATE INDEX more ON volumes(state)", "DROP TABLE guests",
        "DROP TABLE guests; CREATE TABLE guests(volume, version, peer, last, "
        "releases)"}) {
    ASSERT_THAT(ReplaceFile(path(), AsBytes(before), 0600), Succeeds());
    Tamper(sql);
    EXPECT_THAT(Open(), Fails(Reason::kStoreInvalid)) << sql;
  }
}

}  // namespace
}  // namespace tdxvfs::keyserver
