// SPDX-License-Identifier: Apache-2.0
// What is behind a key server's services at once, without gRPC, so that the
// thread sanitizer sees every lock of theirs: guests, liars, administrators and
// those who watch, each on threads of their own.
#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attest/policy/measurement_policy.h"
#include "common/audit_check.h"
#include "tests/support/audit_log_text.h"
#include "tests/support/core_rig.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;
using testing::CheckLog;
using testing::CoreEnding;
using testing::CoreRig;
using ::testing::HasSubstr;
using testing::UnlockThroughCore;

constexpr int kGuestThreads = 16;
constexpr int kUnlocksEach = 8;
constexpr int kLiarThreads = 3;

std::string PeerOf(int number) {
  return "ipv4:192.0.2." + std::to_string(number) + ":4711";
}

// Comes back until the server has room, as an agent does.
CoreEnding UnlockInTheEnd(CoreRig* rig, const std::string& volume,
                          const std::string& peer,
                          const std::function<void(Evidence*)>& lie = {}) {
  while (true) {
    CoreEnding ending = UnlockThroughCore(rig, volume, peer, lie);
    if (ending.reason != "server-overloaded") {
      return ending;
    }
    std::this_thread::yield();
  }
}

// Runs these again and again, each on a thread, for as long as it lives.
class Meanwhile {
 public:
  explicit Meanwhile(const std::vector<std::function<void()>>& jobs) {
    for (const auto& job : jobs) {
      threads_.emplace_back([this, job] {
        while (!over_) {
          job();
        }
      });
    }
  }
  Meanwhile(const Meanwhile&) = delete;
  Meanwhile& operator=(const Meanwhile&) = delete;
  ~Meanwhile() { over_ = true; }

 private:
  std::atomic<bool> over_ = false;
  std::vector<std::jthread> threads_;
};

// What an operator's programs ask for while guests are served.
void Administer(CoreRig* rig) {
  const auto now = rig->clock.Now();
  EXPECT_THAT(
      rig->store->PutPolicy(
          "other",
          policy::PolicyFromReport(simulator::GoodTdReport(), false).value(),
          "storm", now),
      Succeeds());
  EXPECT_THAT(rig->store->SetDisabled("other", true), Succeeds());
  EXPECT_THAT(rig->store->ListVersions("data"), Succeeds());
  EXPECT_THAT(rig->store->ListGuests("data", 10), Succeeds());
  EXPECT_THAT(rig->store->SetDisabled("other", false), Succeeds());
}

void Tend(CoreRig* rig) {
  EXPECT_THAT(rig->guests.Flush(rig->store.get()), Succeeds());
  EXPECT_THAT(rig->deletions->Run(), Succeeds());
  EXPECT_THAT(rig->store->CheckHealth(), Succeeds());
  EXPECT_THAT(rig->audit->CheckHealth(), Succeeds());
  EXPECT_THAT(rig->audit->Maintain(), Succeeds());
}

void Watch(CoreRig* rig) {
  const Levels levels{.now = rig->clock.Now(),
                      .ready = true,
                      .doors = {},
                      .certificate_expires = {},
                      .collateral = rig->collateral.State()};
  EXPECT_THAT(rig->metrics.Text(levels), HasSubstr("tdxvfs_open_streams"));
  EXPECT_THAT(rig->audit->List({.limit = 5}), Succeeds());
}

// A reload that changes nothing that a guest could notice.
void Reload(CoreRig* rig) {
  rig->certificates.Replace(rig->certificates.current());
  rig->volume_rate.SetRate({.per_minute = 1'000'000, .burst = 1'000'000});
  rig->admission.SetLimits({.attestations = 12,
                            .peer_attestations = 12,
                            .peer_per_minute = 1'000'000,
                            .peer_burst = 1'000'000});
}

// Seals everything under another key again and again, and copies the store, as
// `rotate-master-key` and `backup` do.
class Upkeep {
 public:
  explicit Upkeep(CoreRig* rig) : rig_(rig) {}

  void Run() {
    const char next = key_ == 'a' ? 'b' : 'a';
    EXPECT_THAT(rig_->store->RotateMasterKey(CoreRig::MasterKeyOf(key_),
                                             CoreRig::MasterKeyOf(next)),
                Succeeds());
    EXPECT_THAT(rig_->store->Copy(), Succeeds());
    EXPECT_THAT(rig_->store->FinishRotation(), Succeeds());
    key_ = next;
    ++rotations_;
  }
  int rotations() const { return rotations_; }
  char key() const { return key_; }

 private:
  CoreRig* const rig_;
  char key_ = 'a';  // CoreRig's
  int rotations_ = 0;
};

struct LieCase {
  std::function<void(Evidence*)> change;
  std::string reason;
};

void Lie(CoreRig* rig, int number) {
  const std::string peer = PeerOf(100 + number);
  const std::vector<LieCase> lies = {
      {[](Evidence* shown) { shown->quote[60] ^= 1; }, "quote-invalid"},
      {[](Evidence* shown) { shown->quote.resize(100); }, "quote-invalid"},
      {[](Evidence* shown) { shown->config_digest[0] ^= 1; },
       "binding-mismatch"},
      {[](Evidence* shown) { shown->server_certificate_sha256 = {1}; },
       "binding-mismatch"}};
  for (const LieCase& lie : lies) {
    EXPECT_EQ(UnlockInTheEnd(rig, "data", peer, lie.change).reason, lie.reason);
  }
  EXPECT_EQ(UnlockInTheEnd(rig, "unknown", peer).reason, "refused-by-policy");
}

int CountOf(const std::vector<std::string>& files, std::string_view text) {
  int count = 0;
  for (const std::string& file : files) {
    for (std::size_t at = file.find(text); at != std::string::npos;
         at = file.find(text, at + 1)) {
      ++count;
    }
  }
  return count;
}

// The whole log, checked as `tdxvfs audit verify` does, with one release and
// one outcome for each grant.
void CheckAudit(CoreRig* rig, int released) {
  ASSERT_THAT(rig->audit->SignLast(), Succeeds());
  const std::vector<std::string> files = rig->AuditFiles();
  const audit::Verdict verdict = CheckLog(files, {rig->AuditKey()});
  EXPECT_FALSE(verdict.finding.has_value())
      << verdict.finding->file << ": " << verdict.finding->text;
  EXPECT_EQ(verdict.unsigned_lines, 0U);
  EXPECT_GT(files.size(), 1U);
  EXPECT_EQ(CountOf(files, "\"kind\":\"release\""), released);
  EXPECT_EQ(CountOf(files, "\"result\":\"opened\""), released);
  EXPECT_GT(CountOf(files, "\"kind\":\"refusal\""), 0);
}

TEST(CoreStorm, EveryHonestGuestUnlocksAndEveryDecisionIsOnRecord) {
  CoreRig rig;
  rig.AddVolume("data");
  rig.AddVolume("other");
  std::atomic<int> unlocked = 0;
  Upkeep upkeep(&rig);
  {
    std::vector<std::function<void()>> others = {
        [&rig] { Administer(&rig); }, [&rig] { Tend(&rig); },
        [&rig] { Watch(&rig); }, [&rig] { Reload(&rig); },
        [&upkeep] { upkeep.Run(); }};
    for (int i = 0; i < kLiarThreads; ++i) {
      others.emplace_back([&rig, i] { Lie(&rig, i); });
    }
    const Meanwhile meanwhile(others);
    std::vector<std::jthread> guests;
    guests.reserve(kGuestThreads);
    for (int thread = 0; thread < kGuestThreads; ++thread) {
      guests.emplace_back([&rig, &unlocked, thread] {
        for (int i = 0; i < kUnlocksEach; ++i) {
          const CoreEnding ending =
              UnlockInTheEnd(&rig, "data", PeerOf(thread));
          EXPECT_EQ(ending.reason, "");
          unlocked += ending.reason.empty() ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(unlocked, kGuestThreads * kUnlocksEach);
  CheckAudit(&rig, kGuestThreads * kUnlocksEach);
  // The last key is the store's, and no other.
  EXPECT_GT(upkeep.rotations(), 0);
  const char other = upkeep.key() == 'a' ? 'b' : 'a';
  EXPECT_THAT(rig.store->RotateMasterKey(CoreRig::MasterKeyOf(other),
                                         CoreRig::MasterKeyOf('c')),
              Fails(Reason::kStoreKeyWrong));
  EXPECT_EQ(UnlockInTheEnd(&rig, "data", PeerOf(1)).reason, "");
}

}  // namespace
}  // namespace tdxvfs::keyserver
