// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/chain_cache.h"

#include <utility>

namespace tdxvfs::verify {
namespace {

// About 8 KiB each.
constexpr std::size_t kMaxChains = 1024;

}  // namespace

std::shared_ptr<const PckChain> ChainCache::Find(
    const Sha256Digest& digest) const {
  const std::scoped_lock lock(mutex_);
  const auto found = chains_.find(digest);
  return found == chains_.end() ? nullptr : found->second;
}

void ChainCache::Remember(const Sha256Digest& digest,
                          std::shared_ptr<const PckChain> chain) {
  const std::scoped_lock lock(mutex_);
  if (!chains_.emplace(digest, std::move(chain)).second) {
    return;
  }
  oldest_first_.push_back(digest);
  if (oldest_first_.size() > kMaxChains) {
    chains_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
}

}  // namespace tdxvfs::verify
