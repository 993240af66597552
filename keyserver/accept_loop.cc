// SPDX-License-Identifier: Apache-2.0
#include "keyserver/accept_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

namespace tdxvfs::keyserver {
namespace {

// How long the loop rests when descriptors or memory have run out.
constexpr std::chrono::milliseconds kRest{100};

}  // namespace

Result<std::unique_ptr<AcceptLoop>> AcceptLoop::Start(Door door) {
  std::unique_ptr<AcceptLoop> loop(new AcceptLoop(std::move(door)));
  loop->epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  loop->stop_ = UniqueFd(eventfd(0, EFD_CLOEXEC));
  if (!loop->epoll_.valid() || !loop->stop_.valid()) {
    return SystemError(Reason::kInternal, "watch connections", errno);
  }
  RETURN_IF_ERROR(loop->Watch(loop->stop_.get(), EPOLLIN));
  RETURN_IF_ERROR(loop->Watch(loop->door_.listener.get(), EPOLLIN));
  loop->thread_ = std::thread([raw = loop.get()] { raw->Run(); });
  return loop;
}

AcceptLoop::~AcceptLoop() { Stop(); }

void AcceptLoop::Stop() {
  if (!thread_.joinable()) {
    return;
  }
  const std::uint64_t one = 1;
  // An eventfd that is written once never blocks.
  (void)!write(stop_.get(), &one, sizeof(one));
  thread_.join();
  door_.listener.Reset();
}

Result<void> AcceptLoop::Watch(int descriptor, unsigned int events) const {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
    return SystemError(Reason::kInternal, "watch a connection", errno);
  }
  return {};
}

void AcceptLoop::Run() {
  std::array<epoll_event, 64> events{};
  while (true) {
    const int count = epoll_wait(epoll_.get(), events.data(),
                                 static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int descriptor = events.at(static_cast<std::size_t>(i)).data.fd;
      if (descriptor == stop_.get()) {
        return;
      }
      if (descriptor == door_.listener.get()) {
        AcceptAll();
      } else {
        // Both sides have ended it. It is taken out of the epoll set by hand:
        // closing one of two descriptors does not do it.
        (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
        watched_.erase(descriptor);
        living_ = watched_.size();
      }
    }
  }
}

void AcceptLoop::AcceptAll() {
  while (true) {
    UniqueFd connection(accept4(door_.listener.get(), nullptr, nullptr,
                                SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (connection.valid()) {
      Keep(std::move(connection));
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
        errno == ENOMEM) {
      std::this_thread::sleep_for(kRest);
      return;
    }
    if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void AcceptLoop::Keep(UniqueFd connection) {
  if (watched_.size() >= max_connections_ || !door_.admit(connection.get())) {
    ++refused_;
    return;
  }
  UniqueFd second(fcntl(connection.get(), F_DUPFD_CLOEXEC, 0));
  // No events asked for: hanging up is always reported.
  if (!second.valid() || !Watch(second.get(), 0).has_value()) {
    ++refused_;
    return;
  }
  const int one = 1;
  // Fails on a Unix socket, which has no such delay.
  (void)setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &one,
                   sizeof(one));
  const int key = second.get();
  watched_.emplace(key, std::move(second));
  living_ = watched_.size();
  door_.hand_over(std::move(connection));
}

}  // namespace tdxvfs::keyserver
