// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_RFC3339_H_
#define TDXVFS_CLI_RFC3339_H_

#include <chrono>
#include <string_view>

#include "common/result.h"

namespace tdxvfs::cli {

// Reads `YYYY-MM-DDThh:mm:ss[.fraction](Z|+hh:mm|-hh:mm)` (RFC 3339, section
// 5.6), calendar-valid; the fraction is dropped, and a time that the clock
// cannot hold is the nearest that it can. Fails with kUsage.
Result<std::chrono::system_clock::time_point> ParseRfc3339(
    std::string_view text);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_RFC3339_H_
