// SPDX-License-Identifier: Apache-2.0
// The history of policies in the store.
#include <string>

#include "common/file.h"
#include "tests/support/faulty_vfs.h"
#include "tests/unit/keyserver/store_folder.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Fault;
using ::tdxvfs::testing::RunWithFault;
using ::tdxvfs::testing::Succeeds;

class StorePolicies : public StoreFolder {};

TEST_F(StorePolicies, EveryPutKeepsTheEarlierOnesWithAuthorAndTime) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_OK_AND_ASSIGN(const auto first,
                         store->PutPolicy("data", "one", "ann", kNow));
    EXPECT_EQ(first, 1U);
    ASSERT_THAT(
        store->PutPolicy("data", "two", "bob", kNow + std::chrono::seconds(1)),
        Succeeds());
  }
  ASSERT_OK_AND_ASSIGN(const auto store, Open());
  ASSERT_OK_AND_ASSIGN(const auto history, store->ListPolicies("data", 10));
  ASSERT_EQ(history.size(), 2U);
  ASSERT_THAT(history[0].record, Succeeds());
  ASSERT_THAT(history[1].record, Succeeds());
  EXPECT_EQ(history[0].number, 1U);
  EXPECT_EQ(history[0].record->json, "one");
  EXPECT_EQ(history[0].record->author, "ann");
  EXPECT_EQ(history[0].record->time, "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(history[1].record->author, "bob");
  ASSERT_OK_AND_ASSIGN(const auto newest, store->ListPolicies("data", 1));
  ASSERT_EQ(newest.size(), 1U);
  EXPECT_EQ(newest[0].number, 2U);
  ASSERT_OK_AND_ASSIGN(const PolicyRecord first, store->FindPolicy("data", 1));
  EXPECT_EQ(first.json, "one");
  EXPECT_THAT(store->FindPolicy("data", 0), Fails(Reason::kPolicyMissing));
  EXPECT_THAT(store->FindPolicy("data", 3), Fails(Reason::kPolicyMissing));
  EXPECT_THAT(store->FindPolicy("none", 1), Fails(Reason::kVolumeUnknown));
  EXPECT_THAT(store->ListPolicies("none", 1), Fails(Reason::kVolumeUnknown));
}

TEST_F(StorePolicies, OneOfTheTwoCountsWhereverAPutIsKilled) {
  {
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_THAT(store->PutPolicy("data", "one", "ann", kNow), Succeeds());
  }
  const std::string before = *ReadFile(path(), 1 << 20);
  for (int at = 1;; ++at) {
    ASSERT_THAT(ReplaceFile(path(), AsBytes(before), 0600), Succeeds());
    std::filesystem::remove(path().string() + "-journal");
    const bool met = RunWithFault(at, Fault::kKill, [&] {
      auto store = Open();
      if (store.has_value()) {
        (void)(*store)->PutPolicy("data", "two", "bob", kNow);
      }
    });
    ASSERT_OK_AND_ASSIGN(const auto store, Open());
    ASSERT_OK_AND_ASSIGN(const auto volume, store->FindVolume("data"));
    ASSERT_TRUE(volume.has_value());
    EXPECT_EQ(volume->policy_json, volume->policy_number == 1 ? "one" : "two");
    if (!met) {
      EXPECT_EQ(volume->policy_number, 2U);
      break;
    }
  }
}

}  // namespace
}  // namespace tdxvfs::keyserver
