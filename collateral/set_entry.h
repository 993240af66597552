// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_SET_ENTRY_H_
#define TDXVFS_COLLATERAL_SET_ENTRY_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "collateral/vetting.h"
#include "common/sha256.h"

namespace tdxvfs::collateral {

// From how long before its expiry a set is warned about.
inline constexpr std::chrono::hours kExpiryWarning{24 * 10};

// What a service knows of one set. Whether it is valid is a matter of the
// calendar; when to try or to tell again is not, since a calendar that was
// wrong for a while must not put it off.
struct SetEntry {
  using Time = std::chrono::system_clock::time_point;
  using Steady = std::chrono::steady_clock::time_point;

  SharedCollateral collateral;  // the newest that verified; null: none yet
  Time expires;                 // of `collateral`
  Sha256Digest digest{};        // of its documents
  Steady due;                   // when it is fetched next
  bool kept = false;            // refreshed without being asked for
  bool asked = false;           // somebody waits for the next attempt
  std::uint64_t attempts = 0;
  unsigned failures = 0;  // in a row
  std::string cause;      // of the last failure
  // When its coming expiry, and a refusal for its expiry, were last logged.
  std::optional<Steady> warned;
  std::optional<Steady> refused;

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
