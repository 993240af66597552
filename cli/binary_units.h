// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_BINARY_UNITS_H_
#define TDXVFS_CLI_BINARY_UNITS_H_

#include <cstdint>

namespace tdxvfs::cli {

inline constexpr std::uint64_t kKibibyte = 1024;  // bytes
inline constexpr std::uint64_t kMebibyte = 1024 * kKibibyte;

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_BINARY_UNITS_H_
