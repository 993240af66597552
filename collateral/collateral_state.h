// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_COLLATERAL_STATE_H_
#define TDXVFS_COLLATERAL_COLLATERAL_STATE_H_

#include <chrono>
#include <cstddef>
#include <optional>

namespace tdxvfs::collateral {

// How the sets of a service are, all together: what its operators watch.
struct CollateralState {
  using Time = std::chrono::system_clock::time_point;

  std::size_t usable = 0;   // a release may use them now
  std::size_t expired = 0;  // fetched once and out of date
  std::size_t missing = 0;  // wanted and never fetched
  // Of the usable ones: when Intel issued the oldest of their TCB infos, and
  // when the first of them expires.
  std::optional<Time> oldest_issue;
  std::optional<Time> first_expiry;
};

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_COLLATERAL_STATE_H_
