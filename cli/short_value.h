// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_SHORT_VALUE_H_
#define TDXVFS_CLI_SHORT_VALUE_H_

#include <string>
#include <string_view>

namespace tdxvfs::cli {

// What was expected or found, for a column of a table: long hex as its two
// ends, long text by its beginning.
std::string ShortValue(std::string_view text);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_SHORT_VALUE_H_
