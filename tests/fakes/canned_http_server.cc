// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/canned_http_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include <gtest/gtest.h>

namespace tdxvfs::testing {

CannedHttpServer::CannedHttpServer()
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
  thread_ = std::thread([this] { Serve(); });
}

CannedHttpServer::~CannedHttpServer() {
  (void)eventfd_write(stop_.get(), 1);
  if (thread_.joinable()) {
    thread_.join();
  }
}

void CannedHttpServer::Answer(const std::string& target, std::string bytes) {
  const std::lock_guard lock(mutex_);
  answers_[target] = std::move(bytes);
}

void CannedHttpServer::AnswerOk(const std::string& target,
                                const std::string& headers,
                                const std::string& body) {
  Answer(target, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n" + headers + "\r\n" +
                     body);
}

std::string CannedHttpServer::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

std::vector<std::string> CannedHttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void CannedHttpServer::Serve() {
  std::vector<UniqueFd> held;
  std::array<pollfd, 2> waiting{
      {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
  while (poll(waiting.data(), waiting.size(), -1) >= 0 &&
         waiting[1].revents == 0) {
    AnswerOne(
        UniqueFd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)),
        &held);
  }
}

void CannedHttpServer::AnswerOne(UniqueFd connection,
                                 std::vector<UniqueFd>* held) {
  std::string request;
  std::array<char, 4096> block{};
  while (request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t count = recv(connection.get(), block.data(), block.size(), 0);
    if (count <= 0) {
      return;
    }
    request.append(block.data(), static_cast<std::size_t>(count));
  }
  const std::size_t start = request.find(' ') + 1;
  const std::string target =
      request.substr(start, request.find(' ', start) - start);
  std::string answer = "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n";
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(target);
    if (const auto found = answers_.find(target); found != answers_.end()) {
      answer = found->second;
    }
  }
  if (answer.empty()) {
    held->push_back(std::move(connection));
    return;
  }
  std::size_t sent = 0;
  while (sent < answer.size()) {
    const ssize_t count = send(connection.get(), &answer[sent],
                               answer.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) {
      return;
    }
    sent += static_cast<std::size_t>(count);
  }
}

}  // namespace tdxvfs::testing
