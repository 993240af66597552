// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_UUID_H_
#define TDXVFS_COMMON_UUID_H_

#include <string_view>

namespace tdxvfs {

// Whether this is the text of a UUID (RFC 9562, section 4) in lower case, as
// cryptsetup and mkfs write it, whatever case they were given. One spelling
// everywhere: what a header says is registered, sent and compared as text.
bool IsUuid(std::string_view text);

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_UUID_H_
