// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_DUE_DELETIONS_H_
#define TDXVFS_KEYSERVER_DUE_DELETIONS_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "common/clock.h"
#include "common/result.h"
#include "keyserver/keys/key_store.h"

namespace tdxvfs::keyserver {

// Destroys the passphrases of deleted versions whose grace period has ended. A
// version is destroyed once it has been due for an hour of this process by the
// clock that never jumps, so that a calendar clock that is wrong for a while
// destroys nothing. Not thread-safe.
class DueDeletions {
 public:
  // Both outlive it.
  DueDeletions(KeyStore* store, const Clock* clock)
      : store_(store), clock_(clock) {}

  // Call now and then. Fails as the store does; the next call goes on.
  Result<void> Run();

 private:
  using Name = std::pair<std::string, std::uint32_t>;

  KeyStore* const store_;
  const Clock* const clock_;
  std::map<Name, std::chrono::steady_clock::time_point> due_since_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_DUE_DELETIONS_H_
