// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_VERIFIED_CACHE_H_
#define TDXVFS_ATTEST_VERIFY_VERIFIED_CACHE_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "attest/verify/trust_anchor.h"

namespace tdxvfs::verify {

// Remembers what held before, by every byte that went into the decision or a
// digest of them. (Not by issuer and serial number: Intel reuses both when it
// re-issues a certificate.) Bounded; thread-safe.
template <typename Verified, typename Key>
class VerifiedCache {
 public:
  explicit VerifiedCache(std::size_t capacity) : capacity_(capacity) {}

  // What was remembered or null. `key` is a Key or compares with one.
  template <typename Sought>
  std::shared_ptr<const Verified> Find(const Sought& key) const {
    const std::scoped_lock lock(mutex_);
    const auto found = known_.find(key);
    return found == known_.end() ? nullptr : found->second;
  }

  // Keeps what was verified; the oldest makes room.
  void Remember(Key key, std::shared_ptr<const Verified> verified) {
    const std::scoped_lock lock(mutex_);
    const auto [place, is_new] =
        known_.emplace(std::move(key), std::move(verified));
    if (!is_new) {
      return;
    }
    oldest_first_.push_back(place);
    if (oldest_first_.size() > capacity_) {
      known_.erase(oldest_first_.front());
      oldest_first_.pop_front();
    }
  }

  void ForgetAll() {
    const std::scoped_lock lock(mutex_);
    oldest_first_.clear();
    known_.clear();
  }

 private:
  using Known = std::map<Key, std::shared_ptr<const Verified>, std::less<>>;

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  Known known_;
  std::deque<typename Known::iterator> oldest_first_;
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_VERIFIED_CACHE_H_
