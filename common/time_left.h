// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_TIME_LEFT_H_
#define TDXVFS_COMMON_TIME_LEFT_H_

#include <chrono>
#include <string>

namespace tdxvfs {

// "9 days", "31 hours", "45 minutes", "less than 2 minutes": how long people
// have until something ends, never more than it is. The smaller unit stands
// from two of the larger one downwards.
std::string TimeLeft(std::chrono::nanoseconds left);

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_TIME_LEFT_H_
