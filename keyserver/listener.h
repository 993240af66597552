// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_LISTENER_H_
#define TDXVFS_KEYSERVER_LISTENER_H_

#include <string>

#include "common/result.h"
#include "common/unique_fd.h"

namespace tdxvfs::keyserver {

// A TCP listener on `HOST:PORT` or `[IPV6]:PORT`; an IPv6 wildcard takes IPv4
// too. Port 0 lets the kernel choose. Fails with kConfigInvalid.
struct TcpListener {
  UniqueFd socket;
  std::string address;  // as bound, with the port chosen
};
Result<TcpListener> ListenTcp(const std::string& address);

// A Unix socket that only its owner may connect to. A socket that nobody
// answers is replaced; one that answers is kAlreadyExists.
Result<UniqueFd> ListenUnix(const std::string& path);

// Whether the peer of a Unix socket is root or the user of this process.
bool IsAdministrator(int connection);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_LISTENER_H_
