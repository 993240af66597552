// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/odd_listener.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace tdxvfs::testing {

OddListener::OddListener(Manner manner)
    : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      stop_(eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_.get(), generic, size) != 0 ||
      listen(listener_.get(), 16) != 0 ||
      getsockname(listener_.get(), generic, &size) != 0) {
    ADD_FAILURE() << "no loopback port";
    return;
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this, manner] { Serve(manner); });
}

OddListener::~OddListener() {
  (void)eventfd_write(stop_.get(), 1);
  if (thread_.joinable()) {
    thread_.join();
  }
}

void OddListener::Serve(Manner manner) const {
  std::vector<UniqueFd> held;
  std::array<pollfd, 2> waiting{
      {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
  while (poll(waiting.data(), waiting.size(), -1) >= 0 &&
         waiting[1].revents == 0) {
    UniqueFd connection(
        accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (manner == Manner::kReset) {
      const linger at_once{1, 0};
      (void)setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &at_once,
                       sizeof(at_once));
      continue;
    }
    if (manner == Manner::kJunk) {
      (void)send(connection.get(), "no TLS here, sorry\r\n\r\n", 22,
                 MSG_NOSIGNAL);
    }
    held.push_back(std::move(connection));
  }
}

}  // namespace tdxvfs::testing
