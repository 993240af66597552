// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_SET_ENTRY_H_
#define TDXVFS_COLLATERAL_SET_ENTRY_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "collateral/vetting.h"
#include "common/sha256.h"

namespace tdxvfs::collateral {

// From how long before its expiry a set is warned about.
inline constexpr std::chrono::hours kExpiryWarning{24 * 10};

// What a service knows of one set.
struct SetEntry {
  using Time = std::chrono::system_clock::time_point;

  SharedCollateral collateral;  // the newest that verified; null: none yet
  Time expires;                 // of `collateral`
  Sha256Digest digest{};        // of its documents
  Time due;                     // when it is fetched next
  bool kept = false;            // refreshed without being asked for
  bool asked = false;           // somebody waits for the next attempt
  std::uint64_t attempts = 0;
  unsigned failures = 0;  // in a row
  std::string cause;      // of the last failure
  Time warned;            // when its coming expiry was last logged
  Time refused;           // when a refusal for its expiry was last logged

  // Whether a release may use it.
  bool UsableAt(Time now) const {
    return collateral != nullptr && !collateral->CheckDates(now).has_value();
  }
};

// How long to leave a supplier alone after this many failures in a row: half a
// minute, doubling, at most an hour, or five minutes while there is no set that
// serves.
std::chrono::milliseconds BackOff(unsigned failures, bool serving);

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_SET_ENTRY_H_
