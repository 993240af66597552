// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/store_upkeep.h"

#include <atomic>
#include <string>
#include <thread>

#include "common/file.h"
#include "tests/support/faulty_vfs.h"
#include "tests/unit/keyserver/store_folder.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Fault;
using ::tdxvfs::testing::RunWithFault;
using ::tdxvfs::testing::Succeeds;

class StoreUpkeepTest : public StoreFolder {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    for (std::uint8_t version = 1; version <= 3; ++version) {
      ASSERT_THAT(store->AddVersion("data", DescriptionWith(version),
                                    SecretOf("secret"), kNow),
                  Succeeds());
    }
    ASSERT_THAT(store->PutPolicy("data", "one", "ann", kNow), Succeeds());
    ASSERT_THAT(store->PutPolicy("data", "two", "ann", kNow), Succeeds());
    ASSERT_THAT(store->RetireVersion("data", 2), Succeeds());
    ASSERT_THAT(store->SetDeletion("data", 3, std::chrono::sys_seconds{}),
                Succeeds());
    ASSERT_THAT(store->Destroy("data", 3, kNow + std::chrono::seconds(1)),
                Succeeds());
  }

  static void ExpectAll(SqliteKeyStore* store) {
    ASSERT_OK_AND_ASSIGN(const auto versions, store->ListVersions("data"));
    ASSERT_EQ(versions.size(), 3U);
    for (const auto& version : versions) {
      ASSERT_THAT(version.record, Succeeds());
    }
    EXPECT_FALSE(versions[0].record->retired);
    EXPECT_TRUE(versions[1].record->retired);
    EXPECT_TRUE(versions[2].record->destroyed);
    for (std::size_t i = 0; i < 2; ++i) {
      ASSERT_OK_AND_ASSIGN(const Secret secret,
                           store->Passphrase(*versions[i].record));
      EXPECT_EQ(AsText(secret.Reveal()), "secret");
    }
    ASSERT_OK_AND_ASSIGN(const auto policies, store->ListPolicies("data", 9));
    ASSERT_EQ(policies.size(), 2U);
    for (const auto& policy : policies) {
      ASSERT_THAT(policy.record, Succeeds());
    }
    EXPECT_EQ(policies[0].record->json, "one");
    EXPECT_EQ(policies[1].record->json, "two");
  }
  void ExpectOpensWith(char key) const {
    ASSERT_OK_AND_ASSIGN(const auto store, Open(key));
    ExpectAll(store.get());
  }
};

TEST_F(StoreUpkeepTest, AFileThatWasRemovedOrReplacedIsNotHealthy) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  EXPECT_THAT(store->CheckHealth(), Succeeds());
  const std::filesystem::path aside = path().string() + ".aside";
  std::filesystem::rename(path(), aside);
  EXPECT_THAT(store->CheckHealth(), Fails(Reason::kStoreInvalid));
  std::filesystem::copy_file(aside, path());
  EXPECT_THAT(store->CheckHealth(), Fails(Reason::kStoreInvalid));
  std::filesystem::rename(aside, path());
  EXPECT_THAT(store->CheckHealth(), Succeeds());
}

TEST_F(StoreUpkeepTest, BothKeysOpenTheStoreUntilARotationIsFinished) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open('a'));
    ASSERT_THAT(store->RotateMasterKey(KeyOf('a'), KeyOf('b')), Succeeds());
    ExpectAll(store.get());
    ASSERT_THAT(store->RotateMasterKey(KeyOf('a'), KeyOf('b')), Succeeds());
    EXPECT_THAT(store->RotateMasterKey(KeyOf('a'), KeyOf('c')),
                Fails(Reason::kStoreKeyWrong));
    ExpectAll(store.get());
  }
  ExpectOpensWith('a');
  ExpectOpensWith('a');
  EXPECT_THAT(Open('c'), Fails(Reason::kStoreKeyWrong));
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open('a'));
    ASSERT_THAT(store->FinishRotation(), Succeeds());
    ExpectAll(store.get());
    ASSERT_THAT(store->CheckHealth(), Succeeds());
  }
  EXPECT_THAT(Open('a'), Fails(Reason::kStoreKeyWrong));
  ExpectOpensWith('b');
}

TEST_F(StoreUpkeepTest, AStartWithTheNewKeyFinishesARotation) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open('a'));
    ASSERT_THAT(store->RotateMasterKey(KeyOf('a'), KeyOf('b')), Succeeds());
  }
  ExpectOpensWith('b');
  EXPECT_THAT(Open('a'), Fails(Reason::kStoreKeyWrong));
  EXPECT_THAT(Open('b', {2}), Fails(Reason::kAnchorChanged));
}

TEST_F(StoreUpkeepTest, ARotationKilledAnywhereLeavesAStoreThatOpens) {
  const std::string before = *ReadFile(path(), 1 << 20);
  int killed = 0;
  for (const char key : {'a', 'b'}) {
    for (int at = 1;; ++at) {
      ASSERT_THAT(ReplaceFile(path(), AsBytes(before), 0600), Succeeds());
      std::filesystem::remove(path().string() + "-journal");
      const std::string mark = folder_.path() / "rotated";
      std::filesystem::remove(mark);
      const bool met = RunWithFault(at, Fault::kKill, [&] {
        auto store = Open('a');
        if (store.has_value() &&
            (*store)->RotateMasterKey(KeyOf('a'), KeyOf('b')).has_value()) {
          (void)WriteNewFile(mark, AsBytes("rotated"), 0600);
        }
      });
      // The earlier key opens it always, the new one once the rotation said so.
      if (key == 'a' || std::filesystem::exists(mark)) {
        ExpectOpensWith(key);
      } else if (!Open('b').has_value()) {
        ExpectOpensWith('a');
      }
      if (!met) {
        break;
      }
      ++killed;
    }
  }
  EXPECT_GT(killed, 10);
}

TEST_F(StoreUpkeepTest, ARotationOnABrokenDiskChangesNothing) {
  const std::string before = *ReadFile(path(), 1 << 20);
  for (const Fault fault : {Fault::kFull, Fault::kReadOnly}) {
    for (int at = 1;; ++at) {
      ASSERT_THAT(ReplaceFile(path(), AsBytes(before), 0600), Succeeds());
      std::filesystem::remove(path().string() + "-journal");
      const bool met = RunWithFault(at, fault, [&] {
        auto store = Open('a');
        if (store.has_value()) {
          (void)(*store)->RotateMasterKey(KeyOf('a'), KeyOf('b'));
        }
      });
      ExpectOpensWith('a');
      if (!met) {
        break;
      }
    }
  }
}

TEST_F(StoreUpkeepTest, TheEarlierKeyOpensNothingOfARotatedStore) {
  ASSERT_OK_AND_ASSIGN(auto store, Open('a'));
  ASSERT_THAT(store->RotateMasterKey(KeyOf('a'), KeyOf('b')), Succeeds());
  ASSERT_THAT(store->FinishRotation(), Succeeds());
  store.reset();
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &raw), SQLITE_OK);
  const SqlitePtr database(raw);
  const MasterKey earlier = KeyOf('a');
  const SealedRows rows(raw, &earlier);
  EXPECT_THAT(rows.FindVolume("data"), Fails(Reason::kStoreInvalid));
  ASSERT_OK_AND_ASSIGN(const auto versions, rows.ListVersions("data"));
  ASSERT_FALSE(versions.empty());
  for (const auto& version : versions) {
    EXPECT_THAT(version.record, Fails(Reason::kStoreInvalid));
  }
  EXPECT_THAT(rows.FindMeta("anchor"), Fails(Reason::kStoreInvalid));
}

TEST_F(StoreUpkeepTest, ACopyIsAWholeStoreThoughOthersWriteMeanwhile) {
  ASSERT_OK_AND_ASSIGN(auto store, Open());
  std::jthread writer([&](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      (void)store->PutPolicy("busy" + std::to_string(i % 7), "json", "", kNow);
    }
  });
  ASSERT_OK_AND_ASSIGN(const UniqueFd copy, store->Copy());
  writer.request_stop();
  writer.join();
  const std::filesystem::path other = folder_.path() / "other.db";
  std::filesystem::copy_file("/proc/self/fd/" + std::to_string(copy.get()),
                             other);
  ASSERT_OK_AND_ASSIGN(const auto restored,
                       SqliteKeyStore::Open(other, KeyOf('a'), kAnchor));
  ExpectAll(restored.get());
  EXPECT_FALSE(std::filesystem::exists(path().string() + ".copy"));
}

// A mutex is not fair: without the pauses nobody would get in between.
TEST_F(StoreUpkeepTest, ACopyOfALargeStoreLetsOthersInBetween) {
  ASSERT_OK_AND_ASSIGN(auto store, Open());
  const std::string large(std::size_t{1} << 20, 'x');
  for (int i = 0; i < 40; ++i) {
    ASSERT_THAT(store->PutPolicy("big", large, "", kNow), Succeeds());
  }
  std::atomic<bool> copied = false;
  std::jthread copier([&] {
    EXPECT_THAT(store->Copy(), Succeeds());
    copied = true;
  });
  while (!std::filesystem::exists(path().string() + ".copy.partial") &&
         !copied) {
    std::this_thread::yield();
  }
  int writes = 0;
  while (!copied) {
    ASSERT_THAT(store->SetDisabled("data", writes % 2 == 0), Succeeds());
    writes += copied ? 0 : 1;
  }
  EXPECT_GT(writes, 1);
}

// What is restored is looked at whole: a start looks at the key alone.
TEST_F(StoreUpkeepTest, CheckKeyOpensEveryRecord) {
  for (const std::string change :
       {"UPDATE volumes SET state = zeroblob(length(state))",
        "UPDATE policies SET policy = zeroblob(length(policy)) WHERE number = "
        "1",
        "UPDATE versions SET state = zeroblob(length(state)) WHERE version = 2",
        "UPDATE versions SET passphrase = zeroblob(length(passphrase)) "
        "WHERE version = 1",
        "UPDATE versions SET description = zeroblob(length(description)) "
        "WHERE version = 3",
        "UPDATE versions SET header_sha256 = zeroblob(32) WHERE version = 1",
        "UPDATE versions SET passphrase = NULL WHERE version = 2",
        "DELETE FROM versions WHERE version = 1",
        "DELETE FROM policies WHERE number = 1"}) {
    const auto copy = path().string() + ".copy";
    std::filesystem::copy_file(
        path(), copy, std::filesystem::copy_options::overwrite_existing);
    ASSERT_THAT(SqliteKeyStore::CheckKey(copy, KeyOf('a')), Succeeds());
    sqlite3* opened = nullptr;
    ASSERT_EQ(sqlite3_open(copy.c_str(), &opened), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(opened, change.c_str(), nullptr, nullptr, nullptr),
              SQLITE_OK);
    EXPECT_EQ(sqlite3_changes(opened), 1) << change;
    sqlite3_close(opened);
    EXPECT_THAT(SqliteKeyStore::CheckKey(copy, KeyOf('a')),
                Fails(Reason::kStoreInvalid))
        << change;
  }
}

TEST_F(StoreUpkeepTest, CheckKeyTakesWhatOpenTakes) {
  ASSERT_OK_AND_ASSIGN(auto store, Open('a'));
  ASSERT_THAT(store->RotateMasterKey(KeyOf('a'), KeyOf('b')), Succeeds());
  store.reset();
  for (const char key : {'a', 'b'}) {
    EXPECT_THAT(SqliteKeyStore::CheckKey(path(), KeyOf(key)), Succeeds());
  }
  EXPECT_THAT(SqliteKeyStore::CheckKey(path(), KeyOf('c')),
              Fails(Reason::kStoreKeyWrong));
  ASSERT_OK_AND_ASSIGN(store, Open('b'));
  store.reset();
  EXPECT_THAT(SqliteKeyStore::CheckKey(path(), KeyOf('a')),
              Fails(Reason::kStoreKeyWrong));
}

}  // namespace
}  // namespace tdxvfs::keyserver
