// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_INDENT_JSON_H_
#define TDXVFS_CLI_INDENT_JSON_H_

#include <string>
#include <string_view>

namespace tdxvfs::cli {

// Valid JSON with line breaks and indentation, for files that people read and
// edit. Ends with a newline.
std::string IndentJson(std::string_view json);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_INDENT_JSON_H_
