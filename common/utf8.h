// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_UTF8_H_
#define TDXVFS_COMMON_UTF8_H_

#include <cstddef>
#include <string_view>

namespace tdxvfs {

// Length of the valid UTF-8 sequence at the start of `text`, which is not
// empty; 0 when there is none (RFC 3629 section 4: no overlong forms, no
// surrogates, no more than U+10FFFF).
std::size_t Utf8Length(std::string_view text);

// Whether all of `text` is valid UTF-8.
bool IsUtf8(std::string_view text);

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_UTF8_H_
