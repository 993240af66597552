// SPDX-License-Identifier: Apache-2.0
#include "collateral/set_entry.h"

#include <algorithm>

namespace tdxvfs::collateral {
namespace {

constexpr std::chrono::seconds kFirst{30};
constexpr std::chrono::minutes kLongestWithoutSet{5};
constexpr std::chrono::hours kLongest{1};
constexpr unsigned kDoublings = 7;  // 30 s to more than an hour

}  // namespace

std::chrono::milliseconds BackOff(unsigned failures, bool serving) {
  const unsigned doublings = std::min(std::max(failures, 1U) - 1, kDoublings);
  const std::chrono::milliseconds wanted = kFirst * (1U << doublings);
  const std::chrono::milliseconds longest =
      serving ? std::chrono::milliseconds(kLongest)
              : std::chrono::milliseconds(kLongestWithoutSet);
  return std::min(wanted, longest);
}

}  // namespace tdxvfs::collateral
