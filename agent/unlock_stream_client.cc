// SPDX-License-Identifier: Apache-2.0
#include "agent/unlock_stream_client.h"

#include <algorithm>
#include <string>
#include <utility>

#include <grpcpp/security/auth_context.h>

#include "agent/refusal_wire.h"
#include "agent/stop_request.h"

namespace tdxvfs::agent {
namespace {

// How often a wait looks whether we are asked to stop.
constexpr std::chrono::milliseconds kQueueSlice{100};
constexpr const char* kAuditIdKey = "tdxvfs-audit-id";
// Only one operation is under way at a time, so that the tag says nothing.
void* const kTag = nullptr;

}  // namespace

UnlockStream::UnlockStream(ServerChannel channel)
    : channel_(std::move(channel)),
      stub_(tdxvfs::v1::KeyRelease::NewStub(channel_.channel)) {}

UnlockStream::~UnlockStream() {
  grpc::Status ignored;
  if (started_ && !finished_) {
    context_.TryCancel();
    stream_->Finish(&ignored, kTag);
  }
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

Result<bool> UnlockStream::Wait(Limit limit) {
  using std::chrono::system_clock;
  const auto end = std::chrono::steady_clock::now() + limit;
  while (true) {
    void* tag = nullptr;
    bool ok = false;
    if (!StopRequested() &&
        queue_.AsyncNext(&tag, &ok, system_clock::now() + kQueueSlice) ==
            grpc::CompletionQueue::GOT_EVENT) {
      return ok;
    }
    const bool late = std::chrono::steady_clock::now() >= end;
    if (!late && !StopRequested()) {
      continue;
    }
    // The operation must leave the queue before its arguments may die.
    context_.TryCancel();
    queue_.Next(&tag, &ok);
    if (StopRequested()) {
      return Error(Reason::kStopped, "stopped while waiting for the server");
    }
    return Error(
        Reason::kDeadlineExceeded,
        "no answer within " +
            std::to_string(
                std::chrono::ceil<std::chrono::seconds>(limit).count()) +
            " s");
  }
}

Result<void> UnlockStream::Ending(Limit limit) {
  grpc::Status status;
  stream_->Finish(&status, kTag);
  finished_ = true;
  ASSIGN_OR_RETURN(const bool ok, Wait(limit));
  if (ok && status.ok()) {
    return {};
  }
  if (auto refusal = channel_.verdict->refusal(); refusal.has_value()) {
    return *std::move(refusal);
  }
  return ErrorFromStatus(status);
}

Result<void> UnlockStream::Start(Limit limit) {
  stream_ = stub_->AsyncUnlock(&context_, &queue_, kTag);
  started_ = true;
  ASSIGN_OR_RETURN(const bool ok, Wait(limit));
  if (ok) {
    return {};
  }
  RETURN_IF_ERROR(Ending(limit));
  return Error(Reason::kServerUnreachable, "the stream did not start");
}

Result<void> UnlockStream::Write(const tdxvfs::v1::GuestMessage& message,
                                 Limit limit) {
  stream_->Write(message, kTag);
  ASSIGN_OR_RETURN(const bool ok, Wait(limit));
  if (ok) {
    return {};
  }
  RETURN_IF_ERROR(Ending(limit));
  return Error(Reason::kServerMisbehaved,
               "the server ended the exchange before it was done");
}

Result<tdxvfs::v1::ServerMessage> UnlockStream::Read(Limit limit) {
  tdxvfs::v1::ServerMessage message;
  stream_->Read(&message, kTag);
  ASSIGN_OR_RETURN(const bool ok, Wait(limit));
  if (ok) {
    return message;
  }
  RETURN_IF_ERROR(Ending(limit));
  return Error(Reason::kServerMisbehaved,
               "the server ended the exchange before it was done");
}

Result<void> UnlockStream::AwaitEnd(Limit limit) {
  tdxvfs::v1::ServerMessage message;
  stream_->Read(&message, kTag);
  ASSIGN_OR_RETURN(const bool ok, Wait(limit));
  if (ok) {
    return Error(Reason::kServerMisbehaved,
                 "the server sent a message after its last one");
  }
  return Ending(limit);
}

std::string UnlockStream::PeerCertificate() const {
  const auto security = context_.auth_context();
  if (security == nullptr) {
    return {};
  }
  const auto values = security->FindPropertyValues("x509_pem_cert");
  return values.size() == 1
             ? std::string(values.front().data(), values.front().size())
             : std::string();
}

std::string UnlockStream::AuditId() const {
  const auto& metadata = context_.GetServerTrailingMetadata();
  const auto found = metadata.find(kAuditIdKey);
  return found == metadata.end()
             ? std::string()
             : std::string(found->second.data(), found->second.size());
}

}  // namespace tdxvfs::agent
