// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_COLLATERAL_SERVICE_H_
#define TDXVFS_COLLATERAL_COLLATERAL_SERVICE_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <thread>
#include <vector>

#include "attest/verify/collateral.h"
#include "attest/verify/trust_anchor.h"
#include "collateral/collateral_cache.h"
#include "collateral/collateral_state.h"
#include "collateral/rollback_memory.h"
#include "collateral/set_entry.h"
#include "collateral/set_name.h"
#include "collateral/supplier.h"
#include "common/clock.h"
#include "common/result.h"

namespace tdxvfs::collateral {

// Keeps a verified set ready for every kind of platform that ever asked, and
// refreshes it in the background long before it expires. A release meets the
// network only for a kind of platform that was never seen; then it waits, with
// a deadline, together with all others who wait for the same set. While the
// supplier fails, a set that is still valid goes on serving; none serves past
// its nextUpdate. Thread-safe; the functions that fetch run one at a time.
class CollateralService : public verify::CollateralSource {
 public:
  struct Options {
    Update update = Update::kStandard;
    // Kinds of platforms; more are refused.
    std::size_t max_sets = 64;
    // How old a set becomes before it is refreshed, give or take a tenth.
    std::chrono::milliseconds refresh_every = std::chrono::hours(24);
    // How long Find waits for a set that was never fetched. After `quick_wait`
    // only `patient` callers go on waiting, so that a dead service does not
    // hold up the releases of platforms whose sets are here.
    std::chrono::milliseconds quick_wait{2000};
    std::chrono::milliseconds wait{15'000};
    std::size_t patient = 4;
  };
  // All outlive the service.
  struct Parts {
    Supplier* supplier = nullptr;
    const verify::TrustAnchor* anchor = nullptr;
    const Clock* clock = nullptr;
  };

  CollateralService(const Options& options, const Parts& parts,
                    std::optional<CollateralCache> cache,
                    RollbackMemory memory);
  ~CollateralService() override;

  // Takes what the cache holds: sets that verify serve at once, damaged ones
  // and those out of date are logged and fetched again. Call before Start.
  // Fails with kFileUnreadable or kInternal.
  Result<void> LoadCache();
  // Has these sets fetched without anybody asking for them. Call before Start.
  void Expect(const std::vector<SetName>& names);
  // Goes on where another one was stopped: never older than what that one had
  // seen, and with its sets where the cache has none or older ones. Call before
  // Start.
  void Follow(CollateralService* stopped);
  // Starts the background thread.
  void Start();
  // Ends it, and whoever waits for it: what is here goes on serving, nothing is
  // fetched any more.
  void Stop();

  // As the interface; fails with kCollateralUnavailable.
  Result<verify::CollateralOutcome> Find(const Wanted& wanted) override;

  // How the sets are now.
  CollateralState State();

  // Fetches everything that is due and returns how long nothing will be. What
  // the background thread does; tests call it in its place.
  std::chrono::milliseconds RunDue(const std::stop_token& stop);

 private:
  using Entries = std::map<SetName, SetEntry>;
  Entries::iterator NextDue();
  void Refresh(Entries::iterator entry, const std::stop_token& stop,
               std::unique_lock<std::mutex>* lock);
  Result<SharedCollateral> Admit(const NamedSet& set, SharedCollateral same);
  void Accept(const SetName& name, SetEntry* entry, SharedCollateral set);
  void Refuse(const SetName& name, SetEntry* entry, const Error& error);
  std::chrono::milliseconds Jittered(std::chrono::milliseconds period);
  // Waits until the set was tried again; `entry` stays where it is.
  void WaitForAttempt(const SetEntry& entry,
                      std::unique_lock<std::mutex>* lock);
  void Work(const std::stop_token& stop);

  const Options options_;
  const Parts parts_;
  const std::optional<CollateralCache> cache_;
  RollbackMemory memory_;  // of the thread that fetches
  std::minstd_rand random_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  Entries entries_;  // none is ever removed
  std::size_t patient_ = 0;
  bool stopped_ = false;
  std::jthread worker_;
};

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_COLLATERAL_SERVICE_H_
