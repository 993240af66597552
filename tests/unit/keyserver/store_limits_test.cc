// SPDX-License-Identifier: Apache-2.0
// Limits, counting and deletion of versions.
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "common/file.h"
#include "tests/support/faulty_vfs.h"
#include "tests/unit/keyserver/store_folder.h"

namespace tdxvfs::keyserver {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Fault;
using ::tdxvfs::testing::RunWithFault;
using ::tdxvfs::testing::Succeeds;

constexpr sys_seconds At(int second) { return sys_seconds(seconds(second)); }

class StoreLimits : public StoreFolder {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_THAT(
        store->AddVersion("data", DescriptionWith(1), SecretOf("x"), kNow),
        Succeeds());
  }
  static VersionRecord Find(SqliteKeyStore* store) {
    return **store->FindVersion("data", {1});
  }
};

TEST_F(StoreLimits, HoldWithinTheirTimesAndOverARestart) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_THAT(store->SetLimits("data", 1, {At(100), At(200), std::nullopt}),
                Succeeds());
  }
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  const VersionRecord version = Find(store.get());
  EXPECT_THAT(CheckReleasable(version, At(99)),
              Fails(Reason::kRefusedByPolicy));
  EXPECT_THAT(CheckReleasable(version, At(100)), Succeeds());
  EXPECT_THAT(CheckReleasable(version, At(200)), Succeeds());
  EXPECT_THAT(CheckReleasable(version, At(201)),
              Fails(Reason::kRefusedByPolicy));
  ASSERT_THAT(store->SetLimits("data", 1, {}), Succeeds());
  EXPECT_THAT(CheckReleasable(Find(store.get()), At(201)), Succeeds());
  EXPECT_THAT(store->SetLimits("data", 2, {}), Fails(Reason::kVersionUnknown));
  EXPECT_THAT(store->SetLimits("none", 1, {}), Fails(Reason::kVolumeUnknown));
}

// 9999 in the clock's nanoseconds would be 1816.
TEST_F(StoreLimits, OfAnEarlierVersionBeyondTheClockDoNotWrap) {
  const std::int64_t end_of_9999 = 253'402'300'799;
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_THAT(store->SetLimits("data", 1,
                               {std::nullopt, sys_seconds(seconds(end_of_9999)),
                                std::nullopt}),
              Succeeds());
  EXPECT_THAT(CheckReleasable(Find(store.get()), kNow), Succeeds());
}

TEST_F(StoreLimits, FollowAClockThatJumpsBothWaysAndCountOn) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_THAT(store->SetLimits("data", 1, {At(100), At(200), 3}), Succeeds());
  EXPECT_THAT(store->TakeRelease("data", 1, At(150)), Succeeds());
  EXPECT_THAT(store->TakeRelease("data", 1, At(-150)),
              Fails(Reason::kRefusedByPolicy));
  EXPECT_THAT(store->TakeRelease("data", 1, At(2'000'000'000)),
              Fails(Reason::kRefusedByPolicy));
  EXPECT_EQ(Find(store.get()).released, 1U);
  EXPECT_THAT(store->TakeRelease("data", 1, At(120)), Succeeds());
  EXPECT_THAT(store->TakeRelease("data", 1, At(110)), Succeeds());
  EXPECT_THAT(store->TakeRelease("data", 1, At(130)),
              Fails(Reason::kRefusedByPolicy));
}

TEST_F(StoreLimits, CountReleasesOverARestart) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    if (i == 0) {
      ASSERT_THAT(store->SetLimits("data", 1, LimitOf(3)), Succeeds());
    }
    EXPECT_THAT(store->TakeRelease("data", 1, kNow), Succeeds());
  }
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  EXPECT_THAT(store->TakeRelease("data", 1, kNow),
              Fails(Reason::kRefusedByPolicy));
  EXPECT_THAT(store->GiveBack("data", 1), Succeeds());
  EXPECT_THAT(store->TakeRelease("data", 1, kNow), Succeeds());
  EXPECT_EQ(Find(store.get()).released, 3U);
  // Setting limits begins to count anew.
  ASSERT_THAT(store->SetLimits("data", 1, LimitOf(1)), Succeeds());
  EXPECT_THAT(store->TakeRelease("data", 1, kNow), Succeeds());
  // So a release that was counted before and failed after gives nothing back.
  ASSERT_THAT(store->SetLimits("data", 1, LimitOf(1)), Succeeds());
  EXPECT_THAT(store->GiveBack("data", 1), Succeeds());
  EXPECT_EQ(Find(store.get()).released, 0U);
}

// As when it was retired after the decision had begun.
TEST_F(StoreLimits, ARetiredVersionIsNotCounted) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_THAT(store->SetLimits("data", 1, LimitOf(1)), Succeeds());
  ASSERT_THAT(store->RetireVersion("data", 1), Succeeds());
  EXPECT_THAT(store->TakeRelease("data", 1, kNow),
              Fails(Reason::kRefusedByPolicy));
}

TEST_F(StoreLimits, CountExactlyHoweverManyAskAtOnce) {
  constexpr int thread_count = 8;
  constexpr int attempts = 10;
  constexpr std::uint32_t releases = 25;
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_THAT(store->SetLimits("data", 1, LimitOf(releases)), Succeeds());
  std::atomic<std::uint32_t> taken = 0;
  std::vector<std::thread> threads;
  threads.reserve(thread_count);
  for (int i = 0; i < thread_count; ++i) {
    threads.emplace_back([&] {
      for (int attempt = 0; attempt < attempts; ++attempt) {
        taken += store->TakeRelease("data", 1, kNow).has_value() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(taken, releases);
  EXPECT_EQ(Find(store.get()).released, releases);
}

TEST_F(StoreLimits, NeverCountTooFewWhereverTheServerIsKilled) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_THAT(store->SetLimits("data", 1, LimitOf(1)), Succeeds());
  }
  const std::string before = *ReadFile(path(), 1 << 20);
  const std::string mark = folder_.path() / "released";
  for (const Fault fault : {Fault::kKill, Fault::kFull, Fault::kReadOnly}) {
    for (int at = 1;; ++at) {
      ASSERT_THAT(ReplaceFile(path(), AsBytes(before), 0600), Succeeds());
      std::filesystem::remove(path().string() + "-journal");
      std::filesystem::remove(mark);
      const bool met = RunWithFault(at, fault, [&] {
        auto store = Open();
        if (store.has_value() &&
            (*store)->TakeRelease("data", 1, kNow).has_value()) {
          (void)WriteNewFile(mark, AsBytes("released"), 0600);
        }
      });
      ASSERT_OK_AND_ASSIGN(const auto store, Open());
      if (std::filesystem::exists(mark)) {
        EXPECT_THAT(store->TakeRelease("data", 1, kNow),
                    Fails(Reason::kRefusedByPolicy))
            << at;
      }
      if (!met) {
        EXPECT_TRUE(std::filesystem::exists(mark));
        break;
      }
    }
  }
}

TEST_F(StoreLimits, ADeletedVersionComesBackUntilItIsDestroyed) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_THAT(store->SetDeletion("data", 1, At(100)), Succeeds());
  EXPECT_THAT(CheckReleasable(Find(store.get()), At(1)),
              Fails(Reason::kRefusedByPolicy));
  EXPECT_THAT(store->TakeRelease("data", 1, At(1)),
              Fails(Reason::kRefusedByPolicy));
  EXPECT_THAT(store->Destroy("data", 1, At(100)), Succeeds());
  EXPECT_FALSE(Find(store.get()).destroyed);
  ASSERT_THAT(store->SetDeletion("data", 1, std::nullopt), Succeeds());
  EXPECT_THAT(CheckReleasable(Find(store.get()), At(1)), Succeeds());
  EXPECT_THAT(store->Passphrase(Find(store.get())), Succeeds());

  ASSERT_THAT(store->SetDeletion("data", 1, At(100)), Succeeds());
  EXPECT_EQ(store->ListDue(At(100))->size(), 0U);
  ASSERT_EQ(store->ListDue(At(101))->size(), 1U);
  ASSERT_THAT(store->Destroy("data", 1, At(101)), Succeeds());
  EXPECT_TRUE(Find(store.get()).destroyed);
  EXPECT_EQ(store->ListDue(At(101))->size(), 0U);
  EXPECT_THAT(store->Passphrase(Find(store.get())),
              Fails(Reason::kVersionUnknown));
  EXPECT_THAT(store->SetDeletion("data", 1, std::nullopt),
              Fails(Reason::kVersionUnknown));
  // Its number and its header are not used again.
  EXPECT_THAT(
      store->AddVersion("data", DescriptionWith(1), SecretOf("x"), kNow),
      Fails(Reason::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(
      const std::uint32_t next,
      store->AddVersion("data", DescriptionWith(2), SecretOf("x"), kNow));
  EXPECT_EQ(next, 2U);
}

TEST_F(StoreLimits, ADestroyedPassphraseIsNotInTheFileAnyMore) {
  ASSERT_OK_AND_ASSIGN(auto store, Open());
  ASSERT_THAT(store->SetDeletion("data", 1, At(0)), Succeeds());
  ASSERT_THAT(store->Destroy("data", 1, At(1)), Succeeds());
  store.reset();
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &raw), SQLITE_OK);
  const SqlitePtr database(raw);
  ASSERT_OK_AND_ASSIGN(
      SqliteStatement query,
      SqliteStatement::Prepare(
          raw, "SELECT count(*) FROM versions WHERE passphrase IS NOT NULL"));
  ASSERT_THAT(query.Step(), Succeeds());
  EXPECT_EQ(query.Number(0), 0);
}

TEST_F(StoreLimits, KnowWhichGuestsCame) {
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_THAT(store->NoteGuests("data", {{1, "ipv4:192.0.2.1", At(5), 1},
                                         {1, "ipv4:192.0.2.2", At(7), 2}}),
              Succeeds());
  ASSERT_THAT(store->NoteGuests("data", {{1, "ipv4:192.0.2.1", At(9), 3}}),
              Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto guests, store->ListGuests("data", 10));
  ASSERT_EQ(guests.size(), 2U);
  EXPECT_EQ(guests[0].peer, "ipv4:192.0.2.1");
  EXPECT_EQ(guests[0].releases, 4U);
  EXPECT_EQ(guests[0].last, At(9));
  EXPECT_THAT(store->ListGuests("none", 10), Fails(Reason::kVolumeUnknown));
  // No more than the thousand that came last are kept.
  std::vector<GuestSeen> many;
  many.reserve(1001);
  for (int i = 0; i < 1001; ++i) {
    many.push_back({1, "guest " + std::to_string(i), At(100 + i), 1});
  }
  ASSERT_THAT(store->NoteGuests("data", many), Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto kept, store->ListGuests("data", 5000));
  ASSERT_EQ(kept.size(), 1000U);
  EXPECT_EQ(kept.back().peer, "guest 1");
}

}  // namespace
}  // namespace tdxvfs::keyserver
