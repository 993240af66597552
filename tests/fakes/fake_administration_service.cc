// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fake_administration_service.h"

#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "foreign/google/rpc/status.pb.h"
#include "tdxvfs/v1/release.pb.h"

namespace tdxvfs::testing {
namespace {

namespace wire = tdxvfs::admin::v1;

grpc::Status RefusalStatus(Reason reason, const std::string& audit_id) {
  tdxvfs::v1::Refusal refusal;
  refusal.set_reason(std::string(InfoOf(reason).slug));
  refusal.set_audit_id(audit_id);
  google::rpc::Status details;
  details.add_details()->PackFrom(refusal);
  return {static_cast<grpc::StatusCode>(InfoOf(reason).grpc_code),
          "the fake refuses", details.SerializeAsString()};
}

}  // namespace

FakeAdministrationService::FakeAdministrationService() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "tdxvfs-fake-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    std::perror("mkdtemp");
    std::abort();
  }
  folder_ = pattern;
  socket_ = folder_ / "admin.sock";
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket_.string(),
                           grpc::InsecureServerCredentials());
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

FakeAdministrationService::~FakeAdministrationService() {
  server_->Shutdown();
  server_->Wait();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void FakeAdministrationService::RefuseWith(Reason reason,
                                           const std::string& audit_id) {
  failure_ = RefusalStatus(reason, audit_id);
}

grpc::Status FakeAdministrationService::MakePassphrase(
    Context* /*context*/, const wire::Empty* /*request*/,
    wire::MakePassphraseResponse* response) {
  response->set_passphrase(next_passphrase);
  return failure_.value_or(grpc::Status::OK);
}

grpc::Status FakeAdministrationService::PutVersion(
    Context* /*context*/, const wire::PutVersionRequest* request,
    wire::PutVersionResponse* response) {
  if (failure_.has_value()) {
    return *failure_;
  }
  put.push_back(*request);
  wire::VersionInfo info;
  info.set_volume(request->volume());
  info.set_version(static_cast<std::uint32_t>(put.size()));
  info.set_created("2026-11-21T07:00:00Z");
  info.set_has_policy(policies.count(request->volume()) != 0);
  *info.mutable_description() = request->description();
  versions.push_back(info);
  response->set_version(info.version());
  return grpc::Status::OK;
}

grpc::Status FakeAdministrationService::ListVersions(
    Context* /*context*/, const wire::ListVersionsRequest* request,
    wire::ListVersionsResponse* response) {
  for (const wire::VersionInfo& info : versions) {
    if (request->volume().empty() || request->volume() == info.volume()) {
      *response->add_versions() = info;
    }
  }
  return failure_.value_or(grpc::Status::OK);
}

grpc::Status FakeAdministrationService::RetireVersion(
    Context* /*context*/, const wire::RetireVersionRequest* request,
    wire::Empty* /*response*/) {
  for (wire::VersionInfo& info : versions) {
    if (info.volume() == request->volume() &&
        info.version() == request->version()) {
      info.set_retired(true);
      return failure_.value_or(grpc::Status::OK);
    }
  }
  return RefusalStatus(Reason::kVersionUnknown, "");
}

grpc::Status FakeAdministrationService::SetDisabled(
    Context* /*context*/, const wire::SetDisabledRequest* request,
    wire::Empty* /*response*/) {
  disabled[request->volume()] = request->disabled();
  return failure_.value_or(grpc::Status::OK);
}

grpc::Status FakeAdministrationService::PutPolicy(
    Context* /*context*/, const wire::PutPolicyRequest* request,
    wire::Empty* /*response*/) {
  policies[request->volume()] = request->json();
  return failure_.value_or(grpc::Status::OK);
}

grpc::Status FakeAdministrationService::GetPolicy(
    Context* /*context*/, const wire::GetPolicyRequest* request,
    wire::GetPolicyResponse* response) {
  const auto policy = policies.find(request->volume());
  if (policy == policies.end()) {
    return RefusalStatus(Reason::kPolicyMissing, "");
  }
  response->set_json(policy->second);
  return failure_.value_or(grpc::Status::OK);
}

grpc::Status FakeAdministrationService::ListAudit(
    Context* /*context*/, const wire::ListAuditRequest* request,
    wire::ListAuditResponse* response) {
  last_audit_query = *request;
  for (const std::string& record : records) {
    response->add_records(record);
  }
  return failure_.value_or(grpc::Status::OK);
}

grpc::Status FakeAdministrationService::GetAudit(
    Context* /*context*/, const wire::GetAuditRequest* request,
    wire::GetAuditResponse* response) {
  const std::string wanted = R"("audit_id":")" + request->audit_id() + "\"";
  const auto record = std::find_if(
      records.begin(), records.end(), [&wanted](const std::string& each) {
        return each.find(wanted) != std::string::npos;
      });
  if (record == records.end()) {
    return RefusalStatus(Reason::kAuditUnknown, "");
  }
  response->set_record(*record);
  return failure_.value_or(grpc::Status::OK);
}

}  // namespace tdxvfs::testing
