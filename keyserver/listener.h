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

// The same on a socket that is listening already; it becomes non-blocking.
// Fails with kConfigInvalid when it is not a TCP listener.
Result<TcpListener> AdoptTcp(UniqueFd socket);

// A Unix socket that only its owner may connect to. A socket that nobody
// answers is replaced; one that answers is kAlreadyExists.
Result<UniqueFd> ListenUnix(const std::string& path);

// The same on a socket that is listening already. Fails with kConfigInvalid
// when it is not a Unix listener.
Result<UniqueFd> AdoptUnix(UniqueFd socket);

// Sockets that systemd opened; not valid where the server opens its own.
struct PassedSockets {
  UniqueFd guests;
  UniqueFd admin_socket;
  UniqueFd admin_port;

  // Takes those that were passed to this process, by the names `guests`,
  // `admin-socket` and `admin-port`. Fails with kConfigInvalid for another name
  // or one that comes twice.
  static Result<PassedSockets> Take();
};

// Whether the peer of a Unix socket is root or the user of this process.
bool IsAdministrator(int connection);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_LISTENER_H_
