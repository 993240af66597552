// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_TABLE_WORDS_H_
#define TDXVFS_LUKS_TABLE_WORDS_H_

#include <sys/types.h>

#include <cstdint>
#include <string_view>

namespace tdxvfs::luks {

// Words of a device-mapper table: a decimal number and nothing else, and a
// device as "MAJOR:MINOR". False leaves the target as it was.
bool ReadTableNumber(std::string_view text, std::uint64_t* number);
bool ReadTableDevice(std::string_view text, dev_t* device);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_TABLE_WORDS_H_
