// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_CHANNEL_H_
#define TDXVFS_AGENT_CHANNEL_H_

#include <memory>
#include <mutex>
#include <optional>

#include <grpcpp/channel.h>

#include "agent/server_identity.h"
#include "common/result.h"

namespace tdxvfs::agent {

// What became of the last check of the server's certificate. gRPC reports a
// refused certificate as UNAVAILABLE, like no network at all; this keeps the
// difference. Thread-safe: gRPC checks on its own threads.
class IdentityVerdict {
 public:
  void Set(Result<void> verdict);
  // The error of a refused certificate, if one was seen.
  std::optional<Error> refusal() const;

 private:
  mutable std::mutex mutex_;
  std::optional<Error> refusal_;
};

struct ServerChannel {
  std::shared_ptr<grpc::Channel> channel;
  std::shared_ptr<IdentityVerdict> verdict;
};

// A TLS channel that believes only in `identity`. Connects on first use; no
// proxy, no service configuration out of the DNS, no retries of gRPC's own.
ServerChannel OpenChannel(const ServerIdentity& identity);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_CHANNEL_H_
