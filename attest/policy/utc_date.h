// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_UTC_DATE_H_
#define TDXVFS_ATTEST_POLICY_UTC_DATE_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tdxvfs::policy {

// A day in UTC.
using Date = std::chrono::sys_days;

// `2026-11-21`, exactly so and a day of the calendar; nothing otherwise.
std::optional<Date> ParseDate(std::string_view text);

// As ParseDate reads it.
std::string DateText(Date date);

// The day that a time lies in.
Date DayOf(std::chrono::system_clock::time_point time);

// `P30D`: 1 to 3650 days; nothing otherwise.
std::optional<std::chrono::days> ParseDays(std::string_view text);

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_UTC_DATE_H_
