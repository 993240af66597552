// SPDX-License-Identifier: Apache-2.0
#include "keyserver/due_deletions.h"

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/passed_on_key_store.h"
#include "tests/unit/keyserver/store_folder.h"

namespace tdxvfs::keyserver {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::tdxvfs::testing::FakeClock;
using ::tdxvfs::testing::PassedOnKeyStore;
using ::tdxvfs::testing::Succeeds;
using ::testing::HasSubstr;
using ::testing::Not;

class DueDeletionsTest : public StoreFolder {
 protected:
  void SetUp() override {
    store_ = std::move(*Open());
    ASSERT_THAT(store_->AddVersion("data", DescriptionWith(1), SecretOf("x"),
                                   clock_.Now()),
                Succeeds());
    ASSERT_THAT(
        store_->SetDeletion(
            "data", 1, std::chrono::floor<std::chrono::seconds>(clock_.Now())),
        Succeeds());
    clock_.Advance(minutes(1));
  }
  bool IsDestroyed() { return (*store_->FindVersion("data", {1}))->destroyed; }

  FakeClock clock_;
  std::unique_ptr<SqliteKeyStore> store_;
};

TEST_F(DueDeletionsTest, DestroysAnHourAfterTheGracePeriod) {
  DueDeletions deletions(store_.get(), &clock_);
  ASSERT_THAT(deletions.Run(), Succeeds());
  clock_.Advance(minutes(59));
  ASSERT_THAT(deletions.Run(), Succeeds());
  EXPECT_FALSE(IsDestroyed());
  clock_.Advance(minutes(1));
  ASSERT_THAT(deletions.Run(), Succeeds());
  EXPECT_TRUE(IsDestroyed());
}

TEST_F(DueDeletionsTest, AClockThatJumpsForAWhileDestroysNothing) {
  ASSERT_THAT(store_->SetDeletion("data", 1,
                                  std::chrono::floor<std::chrono::seconds>(
                                      clock_.Now() + hours(24 * 30))),
              Succeeds());
  DueDeletions deletions(store_.get(), &clock_);
  clock_.JumpTo(clock_.Now() + hours(24 * 365));
  ASSERT_THAT(deletions.Run(), Succeeds());
  clock_.Advance(minutes(30));
  ASSERT_THAT(deletions.Run(), Succeeds());
  clock_.JumpTo(clock_.Now() - hours(24 * 365));
  clock_.Advance(hours(2));
  ASSERT_THAT(deletions.Run(), Succeeds());
  EXPECT_FALSE(IsDestroyed());
  // Neither does a second jump profit from the first.
  clock_.JumpTo(clock_.Now() + hours(24 * 365));
  ASSERT_THAT(deletions.Run(), Succeeds());
  EXPECT_FALSE(IsDestroyed());
}

TEST_F(DueDeletionsTest, AnUndeletedVersionIsLeftAlone) {
  DueDeletions deletions(store_.get(), &clock_);
  ASSERT_THAT(deletions.Run(), Succeeds());
  ASSERT_THAT(store_->SetDeletion("data", 1, std::nullopt), Succeeds());
  clock_.Advance(hours(2));
  ASSERT_THAT(deletions.Run(), Succeeds());
  EXPECT_FALSE(IsDestroyed());
}

// Undeletes every version as soon as it was listed as due.
class LateRegret : public PassedOnKeyStore {
 public:
  explicit LateRegret(KeyStore* store) : PassedOnKeyStore(store) {}
  Result<std::vector<Listed<VersionRecord>>> ListDue(TimePoint now) override {
    auto due = PassedOnKeyStore::ListDue(now);
    EXPECT_THAT(SetDeletion("data", 1, std::nullopt), Succeeds());
    return due;
  }
};

TEST_F(DueDeletionsTest, AVersionUndeletedInTheLastMomentIsNotCalledDestroyed) {
  LateRegret regret(store_.get());
  DueDeletions deletions(&regret, &clock_);
  ASSERT_THAT(deletions.Run(), Succeeds());
  ASSERT_THAT(
      store_->SetDeletion(
          "data", 1, std::chrono::floor<std::chrono::seconds>(clock_.Now())),
      Succeeds());
  clock_.Advance(hours(2));
  ::testing::internal::CaptureStderr();
  const auto run = deletions.Run();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              Not(HasSubstr("destroyed")));
  ASSERT_THAT(run, Succeeds());
  EXPECT_FALSE(IsDestroyed());
}

}  // namespace
}  // namespace tdxvfs::keyserver
