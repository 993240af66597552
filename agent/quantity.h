// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_QUANTITY_H_
#define TDXVFS_AGENT_QUANTITY_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace tdxvfs::agent {

// A whole number and a unit, as configuration files and options write them:
// "0s", "90s", "10m", "2h", "1d". At most a year. Fails with kConfigInvalid.
Result<std::chrono::seconds> ParseDuration(std::string_view text);

// "1 MiB", "64 KiB", "4096 B"; at most 1 TiB. Fails with kConfigInvalid.
Result<std::uint64_t> ParseSize(std::string_view text);

// For people: "45 s", "9 min 58 s", "2 h 5 min".
std::string DurationText(std::chrono::seconds duration);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_QUANTITY_H_
