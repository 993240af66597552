// SPDX-License-Identifier: Apache-2.0
// What an AdminService does around each call: who calls, may they, tell.
#include <grpc/grpc_security_constants.h>

#include "common/log.h"
#include "keyserver/admin/admin_service.h"
#include "keyserver/admin/admin_wire.h"

namespace tdxvfs::keyserver {

Result<Administrator> AdminService::CallerOf(
    const grpc::CallbackServerContext& context) const {
  if (access_ == nullptr) {
    return Administrator::Local();
  }
  const auto leaf = context.auth_context()->FindPropertyValues(
      GRPC_X509_PEM_CERT_PROPERTY_NAME);
  return access_->Identify(
      leaf.empty() ? ""
                   : std::string(leaf.front().data(), leaf.front().size()));
}

Result<void> AdminService::Run(const grpc::CallbackServerContext& context,
                               std::string_view method,
                               const std::string& volume, const Call& call) {
  const OpenCalls::Place place(&open_);
  LogFields fields{.volume = volume, .peer = context.peer()};
  auto called = [&]() -> Result<void> {
    ASSIGN_OR_RETURN(const Administrator caller, CallerOf(context));
    fields.author = caller.name;
    RETURN_IF_ERROR(CheckVolume(caller, method, volume));
    return call(caller);
  }();
  if (called.has_value()) {
    Log(LogLevel::kInfo, Event::kAdminCall, std::string(method) + ": done",
        fields);
    return called;
  }
  fields.reason = InfoOf(called.error().reason()).slug;
  const bool refused = called.error().reason() == Reason::kPermission;
  Log(refused ? LogLevel::kWarning : LogLevel::kInfo,
      refused ? Event::kAdminRefused : Event::kAdminCall,
      std::string(method) + ": " + called.error().ToString(), fields);
  return called;
}

grpc::ServerUnaryReactor* AdminService::Serve(
    grpc::CallbackServerContext* context, std::string_view method,
    const std::string& volume, const Call& call) {
  return Answer(context, Run(*context, method, volume, call));
}

}  // namespace tdxvfs::keyserver
