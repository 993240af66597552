// SPDX-License-Identifier: Apache-2.0
// Every change of the key store on a machine that dies or a disk that fails at
// each single write: afterwards the change is whole or was never made, and what
// was said to be done is done.
#include <functional>
#include <string>
#include <vector>

#include "common/file.h"
#include "tests/support/faulty_vfs.h"
#include "tests/unit/keyserver/store_folder.h"

namespace tdxvfs::keyserver {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using ::tdxvfs::testing::Fault;
using ::tdxvfs::testing::RunWithFault;
using ::tdxvfs::testing::Succeeds;

struct Change {
  std::string name;
  std::function<Result<void>(SqliteKeyStore*)> make;
};

// All that can be read of a store.
std::string Told(SqliteKeyStore* store) {
  std::string told;
  const auto add = [&told](const auto&... parts) {
    ((told += std::to_string(parts) + " "), ...);
  };
  const auto volumes = store->ListVolumes("", 100);
  EXPECT_THAT(volumes, Succeeds());
  for (const auto& [name, none, volume] : *volumes) {
    EXPECT_THAT(volume, Succeeds());
    told += name + volume->policy_json.value_or("-");
    add(volume->disabled, volume->policy_number);
    const auto versions = store->ListVersions(name);
    EXPECT_THAT(versions, Succeeds());
    for (const auto& entry : *versions) {
      EXPECT_THAT(entry.record, Succeeds());
      const VersionRecord& version = *entry.record;
      add(version.version, version.retired, version.limits.releases.value_or(9),
          version.delete_after.has_value(), version.destroyed);
      const auto passphrase = store->Passphrase(version);
      told += passphrase.has_value() ? AsText(passphrase->Reveal()) : "-";
    }
    const auto guests = store->ListGuests(name, 100);
    EXPECT_THAT(guests, Succeeds());
    for (const GuestSeen& guest : *guests) {
      add(guest.version, guest.releases);
    }
  }
  return told;
}

class StoreFaults : public StoreFolder,
                    public ::testing::WithParamInterface<Change> {
 protected:
  void SetUp() override {
    {
      ASSERT_OK_AND_ASSIGN(const auto store, Open());
      for (std::uint8_t version = 1; version <= 2; ++version) {
        ASSERT_THAT(store->AddVersion("data", DescriptionWith(version),
                                      SecretOf("secret"), kNow),
                    Succeeds());
      }
      ASSERT_THAT(store->SetDeletion("data", 2, sys_seconds{}), Succeeds());
    }
    before_ = *ReadFile(path(), 1 << 20);
  }
  void PutBack() const {
    ASSERT_THAT(ReplaceFile(path(), AsBytes(before_), 0600), Succeeds());
    std::filesystem::remove(path().string() + "-journal");
    std::filesystem::remove(mark());
  }
  std::string ToldNow() const {
    const auto store = Open();
    EXPECT_THAT(store, Succeeds());
    return store.has_value() ? Told(store->get()) : "";
  }
  // Makes the change in a process of its own, which leaves a mark when the
  // store said that it is made. Whether the fault was met.
  bool Meets(int at, Fault fault) const {
    return RunWithFault(at, fault, [this] {
      auto store = Open();
      if (store.has_value() && GetParam().make(store->get()).has_value()) {
        (void)WriteNewFile(mark(), AsBytes("made"), 0600);
      }
    });
  }
  std::filesystem::path mark() const { return folder_.path() / "made"; }

  std::string before_;
};

TEST_P(StoreFaults, AChangeIsWholeOrWasNeverMade) {
  const std::string earlier = ToldNow();
  PutBack();
  ASSERT_FALSE(Meets(1'000'000, Fault::kKill));
  const std::string later = ToldNow();
  ASSERT_NE(earlier, later);
  for (const Fault fault : {Fault::kKill, Fault::kFull, Fault::kReadOnly}) {
    int met = 0;
    for (PutBack(); Meets(met + 1, fault); PutBack()) {
      ++met;
      const bool said = std::filesystem::exists(mark());
      const std::string now = ToldNow();
      EXPECT_TRUE(now == later || (!said && now == earlier)) << met << now;
    }
    EXPECT_GT(met, 3);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, StoreFaults,
    ::testing::Values(
        Change{"AddVersion",
               [](SqliteKeyStore* store) -> Result<void> {
                 RETURN_IF_ERROR(store->AddVersion("other", DescriptionWith(1),
                                                   SecretOf("another"), kNow));
                 return {};
               }},
        Change{"RetireVersion",
               [](SqliteKeyStore* store) {
                 return store->RetireVersion("data", 1);
               }},
        Change{"SetDisabled",
               [](SqliteKeyStore* store) {
                 return store->SetDisabled("data", true);
               }},
        Change{"SetLimits",
               [](SqliteKeyStore* store) {
                 return store->SetLimits("data", 1, LimitOf(3));
               }},
        Change{"SetDeletion",
               [](SqliteKeyStore* store) {
                 return store->SetDeletion("data", 1, sys_seconds{});
               }},
        Change{"Destroy",
               [](SqliteKeyStore* store) -> Result<void> {
                 RETURN_IF_ERROR(store->Destroy("data", 2, kNow + seconds(1)));
                 return {};
               }},
        Change{"NoteGuests",
               [](SqliteKeyStore* store) {
                 return store->NoteGuests(
                     "data", {{1, "ipv4:192.0.2.1", sys_seconds{}, 2},
                              {1, "ipv4:192.0.2.2", sys_seconds{}, 1}});
               }}),
    [](const auto& test) { return test.param.name; });

class StoreCreation : public StoreFolder {
 protected:
  void TakeAway() const {
    std::filesystem::remove(path());
    std::filesystem::remove(path().string() + "-journal");
  }
};

// What a start that failed leaves behind does not keep the next one from making
// the store.
TEST_F(StoreCreation, IsWholeOrDidNotHappen) {
  for (const Fault fault : {Fault::kKill, Fault::kFull, Fault::kReadOnly}) {
    int met = 0;
    while (RunWithFault(met + 1, fault, [this] { (void)Open(); })) {
      ++met;
      EXPECT_THAT(Open(), Succeeds()) << met;
      TakeAway();
    }
    EXPECT_GT(met, 3);
    TakeAway();
  }
}

}  // namespace
}  // namespace tdxvfs::keyserver
