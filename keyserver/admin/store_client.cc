// SPDX-License-Identifier: Apache-2.0
#include "keyserver/admin/store_client.h"

#include <chrono>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "common/hex.h"
#include "foreign/google/rpc/status.pb.h"
#include "tdxvfs/admin/v1/admin.grpc.pb.h"
#include "tdxvfs/v1/release.pb.h"

namespace tdxvfs::keyserver {
namespace {

namespace wire = tdxvfs::admin::v1;

// A store of a million volumes takes minutes on a slow disk.
constexpr std::chrono::minutes kDeadline{30};

void SetDeadline(grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + kDeadline);
}

Result<void> ResultOf(const grpc::Status& status) {
  if (status.ok()) {
    return {};
  }
  const std::string message = "key server: " + status.error_message();
  google::rpc::Status details;
  tdxvfs::v1::Refusal refusal;
  if (details.ParseFromString(status.error_details()) &&
      details.details_size() == 1 && details.details(0).UnpackTo(&refusal)) {
    if (const auto reason = ReasonFromSlug(refusal.reason())) {
      return Error(*reason, message);
    }
  }
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return Error(Reason::kServerUnreachable, message);
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Error(Reason::kDeadlineExceeded, message);
    case grpc::StatusCode::UNIMPLEMENTED:
      return Error(Reason::kNotSupported, message);
    default:
      return Error(Reason::kServerMisbehaved, message);
  }
}

}  // namespace

struct StoreClient::Stub {
  std::unique_ptr<wire::Administration::Stub> stub;
};

StoreClient::StoreClient(const std::string& admin_socket)
    : stub_(std::make_unique<Stub>(
          Stub{wire::Administration::NewStub(grpc::CreateChannel(
              "unix:" + admin_socket, grpc::InsecureChannelCredentials()))})) {}

StoreClient::~StoreClient() = default;

Result<void> StoreClient::RotateMasterKey(const Secret& earlier,
                                          const Secret& next) {
  wire::RotateMasterKeyRequest request;
  request.mutable_earlier_master_key()->assign(AsText(earlier.Reveal()));
  request.mutable_master_key()->assign(AsText(next.Reveal()));
  grpc::ClientContext context;
  SetDeadline(&context);
  wire::Empty response;
  const grpc::Status status =
      stub_->stub->RotateMasterKey(&context, request, &response);
  WipeString(*request.mutable_earlier_master_key());
  WipeString(*request.mutable_master_key());
  return ResultOf(status).Context("rotate the master key");
}

Result<void> StoreClient::FinishRotation() {
  grpc::ClientContext context;
  SetDeadline(&context);
  wire::Empty response;
  return ResultOf(stub_->stub->FinishRotation(&context, {}, &response))
      .Context("finish the rotation");
}

Result<void> StoreClient::Backup(
    const std::function<Result<void>(std::span<const std::uint8_t>)>& take) {
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto stream = stub_->stub->Backup(&context, {});
  wire::BackupChunk chunk;
  while (stream->Read(&chunk)) {
    if (auto taken = take(AsBytes(chunk.data())); !taken.has_value()) {
      context.TryCancel();
      (void)stream->Finish();
      return taken;
    }
  }
  return ResultOf(stream->Finish()).Context("back the store up");
}

}  // namespace tdxvfs::keyserver
