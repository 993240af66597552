// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_UNLOCK_STREAM_CLIENT_H_
#define TDXVFS_AGENT_UNLOCK_STREAM_CLIENT_H_

#include <chrono>
#include <memory>
#include <optional>

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>

#include "agent/channel.h"
#include "common/result.h"
#include "tdxvfs/v1/release.grpc.pb.h"

namespace tdxvfs::agent {

// One Unlock stream, one message at a time, each wait with a limit of its own.
// A stream that ended or failed stays so. Cancelled when destroyed. Not
// thread-safe.
class UnlockStream {
 public:
  using Limit = std::chrono::milliseconds;

  explicit UnlockStream(ServerChannel channel);
  ~UnlockStream();
  UnlockStream(const UnlockStream&) = delete;
  UnlockStream& operator=(const UnlockStream&) = delete;

  // Each fails with the reason the server gave when it ended the stream, with
  // kServerIdentity when its certificate was refused, kDeadlineExceeded after
  // `limit`, kStopped on a stop request.
  Result<void> Start(Limit limit);
  Result<void> Write(const tdxvfs::v1::GuestMessage& message, Limit limit);
  // Also kServerMisbehaved when the server ends with OK instead of a message.
  Result<tdxvfs::v1::ServerMessage> Read(Limit limit);
  // Waits for the server to end the stream with OK; a message instead is
  // kServerMisbehaved.
  Result<void> AwaitEnd(Limit limit);

  // The certificate that the server presented, PEM; empty when unknown. Ask
  // once, after the first Read: gRPC remembers its first answer.
  std::string PeerCertificate() const;
  // What the server says about the exchange when it ended well; may be empty.
  std::string AuditId() const;

 private:
  // True when the operation succeeded, false when the stream has ended.
  Result<bool> Wait(Limit limit);
  // The status with which the stream ended, as an error unless OK.
  Result<void> Ending(Limit limit);

  ServerChannel channel_;
  std::unique_ptr<tdxvfs::v1::KeyRelease::Stub> stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<tdxvfs::v1::GuestMessage,
                                                tdxvfs::v1::ServerMessage>>
      stream_;
  bool started_ = false;
  bool finished_ = false;
};

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_UNLOCK_STREAM_CLIENT_H_
