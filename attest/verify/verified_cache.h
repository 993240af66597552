// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_VERIFIED_CACHE_H_
#define TDXVFS_ATTEST_VERIFY_VERIFIED_CACHE_H_

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "common/sha256.h"

namespace tdxvfs::verify {

// Remembers what held before, keyed by a digest of every byte that went into
// the decision. (Not by issuer and serial number: Intel reuses both when it
// re-issues a certificate.) Bounded; thread-safe.
template <typename Verified>
class VerifiedCache {
 public:
  explicit VerifiedCache(std::size_t capacity) : capacity_(capacity) {}

  // What was remembered or null.
  std::shared_ptr<const Verified> Find(const Sha256Digest& digest) const {
    const std::scoped_lock lock(mutex_);
    const auto found = known_.find(digest);
    return found == known_.end() ? nullptr : found->second;
  }

  // Keeps what was verified; the oldest makes room.
  void Remember(const Sha256Digest& digest,
                std::shared_ptr<const Verified> verified) {
    const std::scoped_lock lock(mutex_);
    if (!known_.emplace(digest, std::move(verified)).second) {
      return;
    }
    oldest_first_.push_back(digest);
    if (oldest_first_.size() > capacity_) {
      known_.erase(oldest_first_.front());
      oldest_first_.pop_front();
    }
  }

  void ForgetAll() {
    const std::scoped_lock lock(mutex_);
    known_.clear();
    oldest_first_.clear();
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::map<Sha256Digest, std::shared_ptr<const Verified>> known_;
  std::deque<Sha256Digest> oldest_first_;
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_VERIFIED_CACHE_H_
