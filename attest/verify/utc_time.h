// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_UTC_TIME_H_
#define TDXVFS_ATTEST_VERIFY_UTC_TIME_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tdxvfs::verify {

// A time as Intel's documents spell it: exactly `YYYY-MM-DDThh:mm:ssZ`, a date
// that the calendar has, no leap second. Nothing for any other text.
std::optional<std::chrono::sys_seconds> ParseUtcSeconds(std::string_view text);

// The same as the clock has it; beyond the clock's range NearestTime.
std::optional<std::chrono::system_clock::time_point> ParseUtcTime(
    std::string_view text);

// The same the other way round; parts of a second are dropped.
std::string UtcText(std::chrono::system_clock::time_point time);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_UTC_TIME_H_
