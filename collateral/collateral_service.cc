// SPDX-License-Identifier: Apache-2.0
#include "collateral/collateral_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "attest/verify/quoting_enclave.h"
#include "attest/verify/verified_cache.h"
#include "collateral/offline_bundle.h"
#include "collateral/service_log.h"
#include "common/hex.h"

namespace tdxvfs::collateral {
namespace {

using std::chrono::milliseconds;

// The background thread sleeps no longer than this at a time.
constexpr std::chrono::minutes kLongestSleep{1};
// A refresh is never planned sooner than this after the last.
constexpr std::chrono::minutes kShortestPeriod{1};
// After a restart the sets of the cache are refreshed within this time.
constexpr std::chrono::minutes kAfterRestart{5};

Error Unavailable(const SetName& name, const std::string& why) {
  return {Reason::kCollateralUnavailable,
          "no collateral for " + name.ToText() + ": " + why};
}

}  // namespace

CollateralService::CollateralService(const Options& options, const Parts& parts,
                                     std::optional<CollateralCache> cache,
                                     RollbackMemory memory)
    : options_(options),
      parts_(parts),
      cache_(std::move(cache)),
      memory_(std::move(memory)),
      random_(std::random_device{}()) {}

CollateralService::~CollateralService() { Stop(); }

Result<void> CollateralService::LoadCache() {
  if (!cache_.has_value()) {
    return {};
  }
  ASSIGN_OR_RETURN(const std::vector<SetName> names, cache_->Names());
  const auto now = parts_.clock->Now();
  const auto steady = parts_.clock->Steady();
  for (const SetName& name : names) {
    if (entries_.size() >= options_.max_sets ||
        name.update != options_.update) {
      continue;
    }
    SetEntry& entry = entries_[name];
    entry.kept = true;
    entry.due = steady;
    NamedSet set{.name = name, .documents = {}};
    auto documents = cache_->Load(name);
    if (!documents.has_value()) {
      LogCacheRefused(name, documents.error());
      continue;
    }
    set.documents = *std::move(documents);
    // What lies here passed the rollback memory when it was written.
    auto vetted = VetSet(set, *parts_.anchor, now);
    if (!vetted.has_value()) {
      LogCacheRefused(name, vetted.error());
      continue;
    }
    ASSIGN_OR_RETURN(entry.digest, Sha256(AsBytes(BundleText({set}))));
    Accept(name, &entry, *std::move(vetted));
    entry.due = steady + Jittered(kAfterRestart) / 2;
  }
  return {};
}

void CollateralService::Expect(const std::vector<SetName>& names) {
  const std::lock_guard lock(mutex_);
  for (const SetName& name : names) {
    if (entries_.size() < options_.max_sets) {
      entries_[name].kept = true;
    }
  }
  changed_.notify_all();
}

void CollateralService::Follow(CollateralService* stopped) {
  memory_.Learn(stopped->memory_);
  const auto steady = parts_.clock->Steady();
  const std::scoped_lock lock(mutex_, stopped->mutex_);
  for (const auto& [name, theirs] : stopped->entries_) {
    const bool fits =
        entries_.contains(name) || entries_.size() < options_.max_sets;
    if (theirs.collateral == nullptr || name.update != options_.update ||
        !fits) {
      continue;
    }
    SetEntry& ours = entries_[name];
    ours.kept = true;
    if (ours.collateral == nullptr ||
        IsOlder(name, *ours.collateral, *theirs.collateral)) {
      ours.collateral = theirs.collateral;
      ours.expires = theirs.expires;
      ours.digest = theirs.digest;
      ours.due = steady + Jittered(kAfterRestart) / 2;
    }
  }
}

void CollateralService::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  worker_.request_stop();
  changed_.notify_all();
  if (worker_.joinable()) {
    worker_.join();
  }
}

void CollateralService::Start() {
  worker_ = std::jthread([this](const std::stop_token& stop) { Work(stop); });
}

void CollateralService::Work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const milliseconds idle = RunDue(stop);
    std::unique_lock lock(mutex_);
    (void)changed_.wait_for(
        lock, stop, std::min<milliseconds>(idle, kLongestSleep), [this] {
          return std::ranges::any_of(
              entries_, [](const auto& row) { return row.second.asked; });
        });
  }
}

Result<verify::CollateralOutcome> CollateralService::Find(
    const Wanted& wanted) {
  const SetName name{.tee = wanted.tee,
                     .fmspc = wanted.fmspc,
                     .platform_ca = wanted.platform_ca,
                     .update = options_.update};
  std::unique_lock lock(mutex_);
  if (!entries_.contains(name) && entries_.size() >= options_.max_sets) {
    return Unavailable(name, "too many kinds of platforms (" +
                                 std::to_string(options_.max_sets) + ")");
  }
  SetEntry& entry = entries_[name];
  const auto now = parts_.clock->Now();
  if (entry.UsableAt(now)) {
    return verify::CollateralOutcome{entry.collateral, {}};
  }
  // A failure is remembered until the next attempt is due, so that a peer
  // cannot make us ask again and again.
  if (entry.failures == 0 || parts_.clock->Steady() >= entry.due ||
      entry.asked) {
    entry.asked = true;
    changed_.notify_all();
    WaitForAttempt(entry, &lock);
    if (entry.UsableAt(parts_.clock->Now())) {
      return verify::CollateralOutcome{entry.collateral, {}};
    }
  }
  if (entry.collateral != nullptr) {
    LogExpired(name, &entry, parts_.clock->Steady());
  }
  return Unavailable(
      name, entry.failures > 0 ? entry.cause : "it is still being fetched");
}

CollateralState CollateralService::State() {
  CollateralState state;
  const std::lock_guard lock(mutex_);
  const auto now = parts_.clock->Now();
  for (const auto& [name, entry] : entries_) {
    if (entry.collateral == nullptr) {
      ++state.missing;
    } else if (!entry.UsableAt(now)) {
      ++state.expired;
    } else {
      ++state.usable;
      const auto issued = entry.collateral->tcb_info().issue_date;
      state.oldest_issue =
          std::min(state.oldest_issue.value_or(issued), issued);
      state.first_expiry =
          std::min(state.first_expiry.value_or(entry.expires), entry.expires);
    }
  }
  return state;
}

void CollateralService::WaitForAttempt(const SetEntry& entry,
                                       std::unique_lock<std::mutex>* lock) {
  const auto attempted = [this, &entry, before = entry.attempts] {
    return stopped_ || entry.attempts != before;
  };
  if (changed_.wait_for(*lock, options_.quick_wait, attempted) ||
      patient_ >= options_.patient) {
    return;
  }
  ++patient_;
  (void)changed_.wait_for(*lock, options_.wait - options_.quick_wait,
                          attempted);
  --patient_;
}

// Sets that somebody waits for come first.
CollateralService::Entries::iterator CollateralService::NextDue() {
  const auto now = parts_.clock->Steady();
  const auto asked = std::ranges::find_if(
      entries_, [](const auto& row) { return row.second.asked; });
  if (asked != entries_.end()) {
    return asked;
  }
  return std::ranges::find_if(entries_, [now](const auto& row) {
    return row.second.kept && row.second.due <= now;
  });
}

milliseconds CollateralService::RunDue(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto entry = NextDue();
    if (entry == entries_.end()) {
      break;
    }
    Refresh(entry, stop, &lock);
  }
  auto next = SetEntry::Steady::max();
  for (const auto& [name, entry] : entries_) {
    if (entry.kept) {
      next = std::min(next, entry.due);
    }
  }
  if (next == SetEntry::Steady::max()) {
    return kLongestSleep;
  }
  return std::chrono::ceil<milliseconds>(next - parts_.clock->Steady());
}

// `same` is the snapshot at hand when its very documents came again: it goes
// on, and so does what others remember of it.
Result<SharedCollateral> CollateralService::Admit(const NamedSet& set,
                                                  SharedCollateral same) {
  const auto now = parts_.clock->Now();
  if (same != nullptr) {
    if (const auto refusal = same->CheckDates(now); refusal.has_value()) {
      return Error(Reason::kCollateralInvalid, refusal->why);
    }
    return same;
  }
  ASSIGN_OR_RETURN(SharedCollateral vetted, VetSet(set, *parts_.anchor, now));
  RETURN_IF_ERROR(memory_.Check(set.name, *vetted));
  // A full disk must not keep good collateral from those who wait for it.
  auto kept = memory_.Remember(set.name, *vetted);
  if (kept.has_value() && cache_.has_value()) {
    kept = cache_->Store(set);
  }
  if (!kept.has_value()) {
    LogNotKept(set.name, kept.error());
  }
  return vetted;
}

void CollateralService::Accept(const SetName& name, SetEntry* entry,
                               SharedCollateral set) {
  const auto now = parts_.clock->Now();
  const bool is_new = entry->collateral != set;
  entry->collateral = std::move(set);
  entry->expires = ExpiryOf(*entry->collateral);
  entry->failures = 0;
  entry->kept = true;
  const auto half_way =
      std::chrono::ceil<milliseconds>((entry->expires - now) / 2);
  entry->due =
      parts_.clock->Steady() +
      Jittered(std::clamp<milliseconds>(
          half_way,
          std::min<milliseconds>(kShortestPeriod, options_.refresh_every),
          options_.refresh_every));
  if (is_new) {
    parts_.anchor->enclaves().ForgetAll();
    LogFetched(name, *entry);
  }
  LogExpiring(name, entry, *parts_.clock);
}

void CollateralService::Refuse(const SetName& name, SetEntry* entry,
                               const Error& error) {
  const auto now = parts_.clock->Now();
  ++entry->failures;
  entry->cause = error.ToString();
  const milliseconds asked_for =
      std::chrono::seconds(error.retry_after_seconds());
  const milliseconds wait = std::max(
      asked_for, Jittered(BackOff(entry->failures, entry->UsableAt(now))));
  entry->due = parts_.clock->Steady() + wait;
  LogRefreshFailed(name, *entry, error, now, wait);
  LogExpiring(name, entry, *parts_.clock);
}

milliseconds CollateralService::Jittered(milliseconds period) {
  std::uniform_real_distribution<double> factor(0.9, 1.1);
  return std::chrono::duration_cast<milliseconds>(period * factor(random_));
}

void CollateralService::Refresh(Entries::iterator entry,
                                const std::stop_token& stop,
                                std::unique_lock<std::mutex>* lock) {
  NamedSet set{.name = entry->first, .documents = {}};
  const Sha256Digest before = entry->second.digest;
  const SharedCollateral at_hand = entry->second.collateral;
  lock->unlock();
  Sha256Digest digest{};
  const auto fetched = [&]() -> Result<SharedCollateral> {
    ASSIGN_OR_RETURN(set.documents, parts_.supplier->Fetch(set.name, stop));
    ASSIGN_OR_RETURN(digest, Sha256(AsBytes(BundleText({set}))));
    return Admit(set, digest == before ? at_hand : nullptr);
  }();
  lock->lock();
  SetEntry& found = entry->second;
  if (fetched.has_value()) {
    found.digest = digest;
    Accept(set.name, &found, *fetched);
  } else if (fetched.error().reason() != Reason::kStopped) {
    Refuse(set.name, &found, fetched.error());
  }
  found.asked = false;
  ++found.attempts;
  changed_.notify_all();
}

}  // namespace tdxvfs::collateral
