// SPDX-License-Identifier: Apache-2.0
#include "keyserver/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "common/service_manager.h"

namespace tdxvfs::keyserver {
namespace {

constexpr int kBacklog = 512;

using AddressListPtr =
    std::unique_ptr<addrinfo,
                    decltype([](addrinfo* list) { freeaddrinfo(list); })>;

Error AddressError(const std::string& address, const std::string& words) {
  return {Reason::kConfigInvalid, "listen on '" + address + "': " + words};
}

Result<AddressListPtr> Resolve(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return AddressError(address, "no port");
  }
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int code =
      getaddrinfo(host.empty() ? nullptr : host.c_str(),
                  address.substr(colon + 1).c_str(), &hints, &list);
  if (code != 0) {
    return AddressError(address, gai_strerror(code));
  }
  return AddressListPtr(list);
}

Result<std::string> BoundAddress(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  if (getsockname(socket, address, &size) != 0 ||
      getnameinfo(address, size, host.data(), host.size(), port.data(),
                  port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return SystemError(Reason::kInternal, "read the bound address", errno);
  }
  const bool v6 = storage.ss_family == AF_INET6;
  return (v6 ? "[" : "") + std::string(host.data()) + (v6 ? "]:" : ":") +
         port.data();
}

Result<sockaddr_un> UnixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return Error(Reason::kConfigInvalid,
                 "'" + path + "': the path of a socket has at most " +
                     std::to_string(sizeof(address.sun_path) - 1) +
                     " characters");
  }
  std::ranges::copy(path, address.sun_path);
  return address;
}

UniqueFd UnixSocket() {
  return UniqueFd(
      socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

// Removes a socket that nobody answers any more, and nothing else.
Result<void> RemoveStale(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    return {};
  }
  if (!S_ISSOCK(status.st_mode)) {
    return Error(Reason::kAlreadyExists, "'" + path + "' is not a socket");
  }
  const UniqueFd probe = UnixSocket();
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) == 0 ||
      errno != ECONNREFUSED) {
    return Error(Reason::kAlreadyExists,
                 "another server answers on '" + path + "'");
  }
  if (unlink(path.c_str()) != 0) {
    return SystemError(Reason::kConfigInvalid, "remove '" + path + "'", errno);
  }
  return {};
}

// Whether a socket listens, in one of these families.
bool IsListening(int socket, std::initializer_list<int> families) {
  int listening = 0;
  int family = 0;
  socklen_t size = sizeof(int);
  return getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) ==
             0 &&
         listening != 0 &&
         getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 &&
         std::ranges::find(families, family) != families.end();
}

Result<UniqueFd> Adopt(UniqueFd socket, std::initializer_list<int> families,
                       const std::string& kind) {
  if (!IsListening(socket.get(), families)) {
    return Error(Reason::kConfigInvalid,
                 "a socket that was passed is not a " + kind + " listener");
  }
  const int flags = fcntl(socket.get(), F_GETFL);
  if (flags < 0 || fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return SystemError(Reason::kInternal, "adopt a passed socket", errno);
  }
  return socket;
}

}  // namespace

Result<TcpListener> AdoptTcp(UniqueFd socket) {
  ASSIGN_OR_RETURN(UniqueFd adopted,
                   Adopt(std::move(socket), {AF_INET, AF_INET6}, "TCP"));
  ASSIGN_OR_RETURN(std::string bound, BoundAddress(adopted.get()));
  return TcpListener{std::move(adopted), std::move(bound)};
}

Result<UniqueFd> AdoptUnix(UniqueFd socket) {
  return Adopt(std::move(socket), {AF_UNIX}, "Unix");
}

Result<PassedSockets> PassedSockets::Take() {
  PassedSockets taken;
  for (auto& [name, socket] : TakePassedSockets()) {
    UniqueFd* const place = name == "guests"         ? &taken.guests
                            : name == "admin-socket" ? &taken.admin_socket
                            : name == "admin-port"   ? &taken.admin_port
                                                     : nullptr;
    if (place == nullptr || place->valid()) {
      return Error(Reason::kConfigInvalid,
                   "the socket '" + name +
                       "' that systemd passed is not one of guests, "
                       "admin-socket and admin-port, once each");
    }
    *place = std::move(socket);
  }
  return taken;
}

Result<TcpListener> ListenTcp(const std::string& address) {
  ASSIGN_OR_RETURN(const AddressListPtr list, Resolve(address));
  UniqueFd socket(
      ::socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int one = 1;
  const int zero = 0;
  if (!socket.valid() || setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR,
                                    &one, sizeof(one)) != 0) {
    return SystemError(Reason::kConfigInvalid, "listen on '" + address + "'",
                       errno);
  }
  if (list->ai_family == AF_INET6) {
    (void)setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &zero,
                     sizeof(zero));
  }
  if (bind(socket.get(), list->ai_addr, list->ai_addrlen) != 0 ||
      listen(socket.get(), kBacklog) != 0) {
    return SystemError(Reason::kConfigInvalid, "listen on '" + address + "'",
                       errno);
  }
  ASSIGN_OR_RETURN(std::string bound, BoundAddress(socket.get()));
  return TcpListener{std::move(socket), std::move(bound)};
}

Result<UniqueFd> ListenUnix(const std::string& path) {
  ASSIGN_OR_RETURN(const sockaddr_un address, UnixAddress(path));
  RETURN_IF_ERROR(RemoveStale(path, address));
  UniqueFd socket = UnixSocket();
  // Nobody can connect before listen(), so the mode is set in time.
  if (!socket.valid() ||
      bind(socket.get(), reinterpret_cast<const sockaddr*>(&address),
           sizeof(address)) != 0 ||
      chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 ||
      listen(socket.get(), kBacklog) != 0) {
    return SystemError(Reason::kConfigInvalid, "listen on '" + path + "'",
                       errno);
  }
  return socket;
}

bool IsAdministrator(int connection) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == 0 || peer.uid == geteuid());
}

}  // namespace tdxvfs::keyserver
