// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_CHAIN_CACHE_H_
#define TDXVFS_ATTEST_VERIFY_CHAIN_CACHE_H_

#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "common/sha256.h"

namespace tdxvfs::verify {

struct PckChain;

// PCK chains that lead to one trust anchor, by the SHA-256 of their PEM text.
// Parsing and verifying a chain costs several times what the rest of a quote
// does, and a platform shows the same chain for years. Dates are not part of
// the entry: they are judged at every use. Thread-safe.
class ChainCache {
 public:
  // The chain with this digest, or null.
  std::shared_ptr<const PckChain> Find(const Sha256Digest& digest) const;

  // Keeps a chain that was verified; the oldest makes room.
  void Remember(const Sha256Digest& digest,
                std::shared_ptr<const PckChain> chain);

 private:
  mutable std::mutex mutex_;
  std::map<Sha256Digest, std::shared_ptr<const PckChain>> chains_;
  std::deque<Sha256Digest> oldest_first_;
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_CHAIN_CACHE_H_
