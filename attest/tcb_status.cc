// SPDX-License-Identifier: Apache-2.0
#include "attest/tcb_status.h"

#include <algorithm>
#include <array>

namespace tdxvfs::attest {
namespace {

constexpr std::array<std::string_view, kTcbStatusCount> kNames = {
    "UpToDate",
    "SWHardeningNeeded",
    "ConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded",
    "TDRelaunchAdvised",
    "TDRelaunchAdvisedConfigurationNeeded",
    "OutOfDate",
    "OutOfDateConfigurationNeeded",
    "Revoked",
};

}  // namespace

std::string_view TcbStatusName(TcbStatus status) {
  return kNames.at(static_cast<std::size_t>(status));
}

std::optional<TcbStatus> TcbStatusFromName(std::string_view name) {
  const auto* found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    return std::nullopt;
  }
  return static_cast<TcbStatus>(found - kNames.begin());
}

}  // namespace tdxvfs::attest
