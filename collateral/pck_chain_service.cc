// SPDX-License-Identifier: Apache-2.0
#include "collateral/pck_chain_service.h"

#include <algorithm>
#include <utility>

namespace tdxvfs::collateral {
namespace {

constexpr std::chrono::minutes kWindow{1};

Error ChainUnavailable(const std::string& why) {
  return {Reason::kCollateralUnavailable, "no PCK chain: " + why};
}

}  // namespace

// What is remembered of it and not too old, or null. Under the mutex.
const PckChainService::Known* PckChainService::Recall(
    const attest::PckCertId& id) {
  for (const Chains* known : {&chains_, &failures_}) {
    const auto found = known->find(id);
    if (found != known->end() && clock_->Steady() < found->second.until) {
      return &found->second;
    }
  }
  return nullptr;
}

bool PckChainService::MayLookUp() {
  const Time now = clock_->Steady();
  while (!look_ups_.empty() && look_ups_.front() + kWindow <= now) {
    look_ups_.pop_front();
  }
  if (look_ups_.size() >= options_.look_ups_a_minute) {
    return false;
  }
  look_ups_.push_back(now);
  return true;
}

void PckChainService::Remember(const attest::PckCertId& id,
                               const Result<std::string>& looked_up) {
  const Time now = clock_->Steady();
  std::erase_if(failures_,
                [now](const auto& row) { return row.second.until <= now; });
  if (!looked_up.has_value()) {
    failures_.insert_or_assign(
        id,
        Known{ChainUnavailable(looked_up.error().ToString()), now + kWindow});
    return;
  }
  const auto [place, is_new] =
      chains_.insert_or_assign(id, Known{looked_up, now + options_.keep});
  if (!is_new) {
    return;
  }
  oldest_first_.push_back(place);
  if (oldest_first_.size() > options_.max_chains) {
    chains_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
}

Result<std::string> PckChainService::Find(const attest::PckCertId& id) {
  std::unique_lock lock(mutex_);
  if (const Known* known = Recall(id); known != nullptr) {
    return known->chain;
  }
  lock.unlock();
  const std::unique_lock turn(looking_up_, options_.patience);
  if (!turn.owns_lock()) {
    return ChainUnavailable("other look-ups take their time");
  }
  lock.lock();
  // Somebody else may have asked for the same meanwhile.
  if (const Known* known = Recall(id); known != nullptr) {
    return known->chain;
  }
  if (!MayLookUp()) {
    return ChainUnavailable("too many look-ups in a minute");
  }
  lock.unlock();
  auto looked_up = client_->FetchPckChain(id, {});
  lock.lock();
  Remember(id, looked_up);
  if (!looked_up.has_value()) {
    return ChainUnavailable(looked_up.error().ToString());
  }
  return looked_up;
}

}  // namespace tdxvfs::collateral
