// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_ADMIN_CHANNEL_CLIENT_H_
#define TDXVFS_CLI_ADMIN_CHANNEL_CLIENT_H_

#include <chrono>
#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "cli/admin_client.h"
#include "common/error.h"
#include "tdxvfs/admin/v1/admin.grpc.pb.h"

namespace tdxvfs::cli {

// Why a call failed: the reason in the status' details, or one that fits the
// bare status. `certificate` is the client's, empty on the socket: a server
// that does not trust it hangs up without a word.
Error ErrorOf(const grpc::Status& status, const std::string& certificate = "");

// What the files of AdminClient share.
struct AdminClient::Channel {
  static constexpr std::chrono::seconds kDeadline{30};

  std::unique_ptr<admin::v1::Administration::Stub> stub;
  std::string certificate;  // file of the client's; empty: none

  // One unary call with its deadline.
  template <typename Request, typename Response>
  Result<void> Call(grpc::Status (admin::v1::Administration::Stub::*method)(
                        grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response& response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kDeadline);
    const grpc::Status status = ((*stub).*method)(&context, request, &response);
    if (!status.ok()) {
      return ErrorOf(status, certificate);
    }
    return {};
  }
};

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_ADMIN_CHANNEL_CLIENT_H_
