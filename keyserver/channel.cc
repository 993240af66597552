// SPDX-License-Identifier: Apache-2.0
#include "keyserver/channel.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <absl/synchronization/mutex.h>
#include <grpc/support/log.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>

#include "common/log.h"

namespace tdxvfs::keyserver {
namespace {

using ExternalConnectionType =
    grpc::ServerBuilder::experimental_type::ExternalConnectionType;

// Silent connections: a TLS handshake and HTTP/2 settings in 5 s, then some
// stream every minute.
constexpr int kHandshakeTimeoutMs = 5'000;
constexpr int kMaxIdleMs = 60'000;
constexpr int kKeepaliveMs = 30'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr int kMaxStreamsPerConnection = 8;
constexpr int kMaxMetadataBytes = 8 * 1024;

int Milliseconds(std::chrono::milliseconds time) {
  return static_cast<int>(time.count());
}

void SetLimits(grpc::ServerBuilder* builder, int max_message_size) {
  builder->SetMaxReceiveMessageSize(max_message_size);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                              kHandshakeTimeoutMs);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kMaxIdleMs);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                              Milliseconds(kMaxConnectionAge));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                              Milliseconds(kMaxConnectionGrace));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                              kKeepaliveTimeoutMs);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                              kMaxStreamsPerConnection);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
}

// What gRPC does by itself for long connections and large messages, and what
// costs each of our short ones: probes for the bandwidth, statistics for a
// debugging service that is not offered, and compression, which also would let
// a small message grow.
void LeaveOutExtras(grpc::ServerBuilder* builder) {
  for (const char* extra : {GRPC_ARG_HTTP2_BDP_PROBE, GRPC_ARG_ENABLE_CHANNELZ,
                            GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION,
                            GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION}) {
    builder->AddChannelArgument(extra, 0);
  }
}

// Debian's Abseil looks for cycles in the order of all mutexes whenever gRPC
// takes one, which is for those who write gRPC (docs/adr/0035).
void LeaveLockOrderAlone() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

// gRPC writes lines of its own to standard error, one for each peer that speaks
// nonsense. One alone tells what nobody else does: a handshake of the
// administrators' port that failed over the client's certificate. At most one a
// second, since anybody can cause it.
void TellGrpcLog(gpr_log_func_args* line) {
  static std::atomic<std::int64_t> last_second{-1};
  const std::string_view text(line->message);
  if (text.find("assertion failed") != std::string_view::npos) {
    // The process is about to abort; nothing else will say why.
    (void)fprintf(stderr, "gRPC, %s:%d: %s\n", line->file, line->line,
                  line->message);
    return;
  }
  if (text.find("certificate verify failed") == std::string_view::npos) {
    return;
  }
  const std::int64_t second =
      std::chrono::duration_cast<std::chrono::seconds>(
          std::chrono::steady_clock::now().time_since_epoch())
          .count();
  if (last_second.exchange(second) != second) {
    Log(LogLevel::kWarning, Event::kAdminRefused,
        "a client certificate was refused by TLS (issuer, dates or purpose): " +
            std::string(text));
  }
}

}  // namespace

Result<std::unique_ptr<Channel>> Channel::Open(Settings settings) {
  LeaveLockOrderAlone();
  gpr_set_log_function(TellGrpcLog);
  std::unique_ptr<Channel> channel(new Channel());
  channel->service_name_ = std::move(settings.service_name);
  channel->credentials_ = std::move(settings.credentials);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.RegisterService(settings.service);
  SetLimits(&builder, settings.max_message_size);
  LeaveOutExtras(&builder);
  channel->acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      ExternalConnectionType::FROM_FD, channel->credentials_);
  channel->server_ = builder.BuildAndStart();
  if (!channel->server_) {
    return Error(Reason::kInternal, "gRPC could not start a server");
  }
  ASSIGN_OR_RETURN(
      channel->loop_,
      AcceptLoop::Start({.listener = std::move(settings.listener),
                         .max_connections = settings.max_connections,
                         .admit = std::move(settings.admit),
                         .hand_over = [acceptor = channel->acceptor_.get()](
                                          UniqueFd connection) {
                           grpc::experimental::ExternalConnectionAcceptor::
                               NewConnectionParameters parameters;
                           parameters.fd = connection.Release();
                           acceptor->HandleNewConnection(&parameters);
                         }}));
  return channel;
}

Channel::~Channel() { Close(std::chrono::milliseconds(0)); }

void Channel::SetServing(bool serving) {
  if (!server_) {
    return;
  }
  grpc::HealthCheckServiceInterface* const health =
      server_->GetHealthCheckService();
  health->SetServingStatus("", serving);
  health->SetServingStatus(service_name_, serving);
}

void Channel::Close(std::chrono::milliseconds grace) {
  if (!server_) {
    return;
  }
  if (loop_) {
    loop_->Stop();
  }
  server_->Shutdown(std::chrono::system_clock::now() + grace);
  server_->Wait();
  server_.reset();
}

std::shared_ptr<grpc::ServerCredentials> PlainCredentials() {
  return grpc::InsecureServerCredentials();
}

}  // namespace tdxvfs::keyserver
