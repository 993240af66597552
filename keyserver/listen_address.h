// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_LISTEN_ADDRESS_H_
#define TDXVFS_KEYSERVER_LISTEN_ADDRESS_H_

#include <string_view>

namespace tdxvfs::keyserver {

// Whether this is HOST:PORT or [IPV6]:PORT with a number from 0 to 65535 for
// the port. The system's resolver takes others, too, and makes another port of
// them.
bool IsListenAddress(std::string_view text);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_LISTEN_ADDRESS_H_
