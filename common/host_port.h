// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_HOST_PORT_H_
#define TDXVFS_COMMON_HOST_PORT_H_

#include <string_view>

namespace tdxvfs {

// Whether this is HOST:PORT or [IPV6]:PORT with a number from 0 to 65535 for
// the port. The system's resolver takes others, too, and makes another port of
// them.
bool IsHostPort(std::string_view text);

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_HOST_PORT_H_
