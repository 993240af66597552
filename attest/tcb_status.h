// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_TCB_STATUS_H_
#define TDXVFS_ATTEST_TCB_STATUS_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace tdxvfs::attest {

// Intel's TCB statuses. The two about relaunch are results only: no document
// carries them (Intel TDX DCAP quote verification library, TD relaunch).
enum class TcbStatus : std::uint8_t {
  kUpToDate,
  kSwHardeningNeeded,
  kConfigurationNeeded,
  kConfigurationAndSwHardeningNeeded,
  kTdRelaunchAdvised,
  kTdRelaunchAdvisedConfigurationNeeded,
  kOutOfDate,
  kOutOfDateConfigurationNeeded,
  kRevoked,
};

inline constexpr std::size_t kTcbStatusCount =
    static_cast<std::size_t>(TcbStatus::kRevoked) + 1;

// Intel's spelling, for example "SWHardeningNeeded".
std::string_view TcbStatusName(TcbStatus status);

// The status spelled exactly so, or nothing.
std::optional<TcbStatus> TcbStatusFromName(std::string_view name);

}  // namespace tdxvfs::attest

#endif  // TDXVFS_ATTEST_TCB_STATUS_H_
