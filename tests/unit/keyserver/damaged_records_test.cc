// SPDX-License-Identifier: Apache-2.0
// A record that somebody changed in the store's file: lists name it and hide
// none of the others.
#include <vector>

#include "keyserver/due_deletions.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/keyserver/store_folder.h"

namespace tdxvfs::keyserver {
namespace {

using std::chrono::hours;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::FakeClock;
using ::tdxvfs::testing::Succeeds;
using ::testing::HasSubstr;

// Volumes `bad` and `data`, each with two versions and two policies.
class DamagedRecords : public StoreFolder {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    for (const std::string volume : {"bad", "data"}) {
      for (const std::uint8_t version : {std::uint8_t{1}, std::uint8_t{2}}) {
        ASSERT_THAT(store->AddVersion(volume, DescriptionWith(version),
                                      SecretOf("x"), clock_.Now()),
                    Succeeds());
        ASSERT_THAT(store->PutPolicy(volume, "{}", "ann", clock_.Now()),
                    Succeeds());
      }
    }
  }

  FakeClock clock_;
};

TEST_F(DamagedRecords, AVersionIsNamedBesideTheOthers) {
  Tamper(
      "UPDATE versions SET state = x'00' WHERE volume = 'bad' AND version = 1");
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_OK_AND_ASSIGN(const auto versions, store->ListVersions("bad"));
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0].volume, "bad");
  EXPECT_EQ(versions[0].number, 1U);
  ASSERT_THAT(versions[0].record, Fails(Reason::kStoreInvalid));
  EXPECT_THAT(versions[0].record.error().ToString(),
              HasSubstr("volume 'bad' version 1"));
  ASSERT_THAT(versions[1].record, Succeeds());
  EXPECT_EQ(versions[1].record->version, 2U);
}

TEST_F(DamagedRecords, AVolumeIsNamedBesideTheOthers) {
  for (const std::string change :
       {"UPDATE policies SET policy = x'00' WHERE volume = 'bad'",
        "DELETE FROM policies WHERE volume = 'bad'",
        "UPDATE volumes SET state = x'00' WHERE name = 'bad'"}) {
    Tamper(change);
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_OK_AND_ASSIGN(const auto volumes, store->ListVolumes("", 9));
    ASSERT_EQ(volumes.size(), 2U);
    EXPECT_EQ(volumes[0].volume, "bad");
    EXPECT_THAT(volumes[0].record, Fails(Reason::kStoreInvalid));
    EXPECT_EQ(volumes[1].volume, "data");
    EXPECT_THAT(volumes[1].record, Succeeds());
  }
}

TEST_F(DamagedRecords, APolicyIsNamedBesideTheOthers) {
  Tamper(
      "UPDATE policies SET policy = x'00' WHERE volume = 'bad' AND number = 1");
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_OK_AND_ASSIGN(const auto policies, store->ListPolicies("bad", 9));
  ASSERT_EQ(policies.size(), 2U);
  EXPECT_EQ(policies[0].number, 1U);
  EXPECT_THAT(policies[0].record, Fails(Reason::kStoreInvalid));
  EXPECT_THAT(policies[1].record, Succeeds());
}

TEST_F(DamagedRecords, DeletedVersionsAreDestroyedAllTheSame) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.Now());
    ASSERT_THAT(store->SetDeletion("bad", 1, now), Succeeds());
    ASSERT_THAT(store->SetDeletion("data", 1, now), Succeeds());
  }
  Tamper(
      "UPDATE versions SET state = x'00' WHERE volume = 'bad' AND version = 1");
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  DueDeletions deletions(store.get(), &clock_);
  for (int hour = 0; hour < 2; ++hour) {
    clock_.Advance(hours(1));
    EXPECT_THAT(deletions.Run(), Fails(Reason::kStoreInvalid));
  }
  ASSERT_OK_AND_ASSIGN(const auto version, store->FindVersion("data", {1}));
  EXPECT_TRUE(version->destroyed);
}

}  // namespace
}  // namespace tdxvfs::keyserver
