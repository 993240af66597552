// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_CHANNEL_H_
#define TDXVFS_KEYSERVER_CHANNEL_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "common/result.h"
#include "common/unique_fd.h"
#include "keyserver/accept_loop.h"

namespace tdxvfs::keyserver {

// No connection lives longer than this: maximum age, which gRPC stretches by up
// to a tenth, and a grace in which a guest that has its grant can still report.
inline constexpr std::chrono::seconds kMaxConnectionAge{600};
inline constexpr std::chrono::seconds kMaxConnectionGrace{180};
inline constexpr std::chrono::seconds kLongestConnection =
    kMaxConnectionAge * 11 / 10 + kMaxConnectionGrace;

// One gRPC server behind an accept loop of ours.
class Channel {
 public:
  struct Settings {
    UniqueFd listener;
    std::size_t max_connections = 0;
    int max_message_size = 0;
    std::function<bool(int connection)> admit;
    std::shared_ptr<grpc::ServerCredentials> credentials;
    grpc::Service* service = nullptr;
    std::string service_name;  // as health checks ask for it
  };

  // Fails with kInternal.
  static Result<std::unique_ptr<Channel>> Open(Settings settings);
  ~Channel();

  // What grpc.health.v1 answers, for the server and for its service.
  void SetServing(bool serving);
  AcceptLoop& connections() const { return *loop_; }
  // Takes no new connections or streams, lets those in flight finish until the
  // deadline and cancels the rest. A second call does nothing.
  void Close(std::chrono::milliseconds grace);

 private:
  Channel() = default;

  std::string service_name_;
  // The server's handshakes ask them.
  std::shared_ptr<grpc::ServerCredentials> credentials_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<AcceptLoop> loop_;
};

// For a Unix socket, whose peers the accept loop has looked at.
std::shared_ptr<grpc::ServerCredentials> PlainCredentials();

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_CHANNEL_H_
