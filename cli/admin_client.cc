// SPDX-License-Identifier: Apache-2.0
#include "cli/admin_client.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cli/admin_channel_client.h"
#include "cli/caller_name.h"
#include "cli/version_wire.h"
#include "common/hex.h"
#include "foreign/google/rpc/status.pb.h"
#include "tdxvfs/v1/release.pb.h"

namespace tdxvfs::cli {
namespace {

namespace wire = tdxvfs::admin::v1;

// The refusal in a status' details, or nothing when it carries none.
std::optional<tdxvfs::v1::Refusal> RefusalOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) {
    return std::nullopt;
  }
  for (const auto& detail : details.details()) {
    tdxvfs::v1::Refusal refusal;
    if (detail.Is<tdxvfs::v1::Refusal>() && detail.UnpackTo(&refusal)) {
      return refusal;
    }
  }
  return std::nullopt;
}

// For a status without a reason of ours, such as one that gRPC itself made.
Reason ReasonOfCode(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
      return Reason::kServerUnreachable;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Reason::kDeadlineExceeded;
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return Reason::kPermission;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return Reason::kServerOverloaded;
    case grpc::StatusCode::UNIMPLEMENTED:
      return Reason::kNotSupported;
    case grpc::StatusCode::INTERNAL:
      return Reason::kInternal;
    default:
      return Reason::kServerMisbehaved;
  }
}

void Describe(const AuditQuery& query, wire::ListAuditRequest& message) {
  message.set_volume(query.volume);
  message.set_reason(query.reason);
  message.set_limit(query.limit);
  message.set_since(query.since);
  message.set_until(query.until);
  message.set_peer(query.peer);
}

}  // namespace

Error ErrorOf(const grpc::Status& status, const std::string& certificate) {
  std::string message = "key server: " + status.error_message();
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE &&
      !certificate.empty()) {
    message +=
        "; a key server also hangs up on a client certificate whose issuer is "
        "not in its admin.ca, or that is out of date or not for clients: '" +
        certificate + "' ('openssl x509 -noout -text -in' shows that)";
  }
  const auto refusal = RefusalOf(status);
  const auto reason =
      refusal.has_value() ? ReasonFromSlug(refusal->reason()) : std::nullopt;
  if (!reason.has_value()) {
    return {ReasonOfCode(status.error_code()), message};
  }
  return Error(*reason, message).WithAuditId(refusal->audit_id());
}

AdminClient::AdminClient(std::unique_ptr<Channel> channel)
    : channel_(std::move(channel)) {}
AdminClient::AdminClient(AdminClient&&) noexcept = default;
AdminClient& AdminClient::operator=(AdminClient&&) noexcept = default;
AdminClient::~AdminClient() = default;

Result<Secret> AdminClient::MakePassphrase() {
  wire::MakePassphraseResponse response;
  RETURN_IF_ERROR(channel_
                      ->Call(&wire::Administration::Stub::MakePassphrase,
                             wire::Empty(), response)
                      .Context("make a passphrase"));
  ASSIGN_OR_RETURN(Secret passphrase,
                   Secret::TakeFrom(*response.mutable_passphrase()));
  if (passphrase.empty()) {
    return Error(Reason::kServerMisbehaved, "key server: empty passphrase");
  }
  return passphrase;
}

Result<std::uint32_t> AdminClient::PutVersion(
    std::string_view volume, const VolumeDescription& description,
    const Secret& passphrase) {
  wire::PutVersionRequest request;
  request.set_volume(std::string(volume));
  WriteDescription(description, *request.mutable_description());
  const auto bytes = passphrase.Reveal();
  request.mutable_passphrase()->assign(bytes.begin(), bytes.end());
  wire::PutVersionResponse response;
  auto called = channel_->Call(&wire::Administration::Stub::PutVersion, request,
                               response);
  WipeString(*request.mutable_passphrase());
  RETURN_IF_ERROR(std::move(called).Context("register volume '" +
                                            std::string(volume) + "'"));
  return response.version();
}

Result<std::vector<VersionInfo>> AdminClient::ListVersions(
    std::string_view volume) {
  wire::ListVersionsRequest request;
  request.set_volume(std::string(volume));
  std::vector<VersionInfo> versions;
  while (true) {
    wire::ListVersionsResponse response;
    RETURN_IF_ERROR(
        channel_
            ->Call(&wire::Administration::Stub::ListVersions, request, response)
            .Context("list versions"));
    for (const wire::VersionInfo& message : response.versions()) {
      ASSIGN_OR_RETURN(VersionInfo info, ReadVersionInfo(message));
      versions.push_back(std::move(info));
    }
    // A page that leads back would never end.
    if (response.more_after() <= request.after()) {
      return versions;
    }
    request.set_after(response.more_after());
  }
}

Result<void> AdminClient::RetireVersion(std::string_view volume,
                                        std::uint32_t version) {
  wire::RetireVersionRequest request;
  request.set_volume(std::string(volume));
  request.set_version(version);
  wire::Empty response;
  return channel_
      ->Call(&wire::Administration::Stub::RetireVersion, request, response)
      .Context("retire version " + std::to_string(version) + " of volume '" +
               std::string(volume) + "'");
}

Result<void> AdminClient::SetDisabled(std::string_view volume, bool disabled) {
  wire::SetDisabledRequest request;
  request.set_volume(std::string(volume));
  request.set_disabled(disabled);
  wire::Empty response;
  return channel_
      ->Call(&wire::Administration::Stub::SetDisabled, request, response)
      .Context(std::string(disabled ? "disable" : "enable") + " volume '" +
               std::string(volume) + "'");
}

Result<void> AdminClient::PutPolicy(std::string_view volume,
                                    std::string_view json) {
  wire::PutPolicyRequest request;
  request.set_volume(std::string(volume));
  request.set_json(std::string(json));
  request.set_author(CallerName());
  wire::Empty response;
  return channel_
      ->Call(&wire::Administration::Stub::PutPolicy, request, response)
      .Context("put policy of volume '" + std::string(volume) + "'");
}

Result<std::string> AdminClient::GetPolicy(std::string_view volume,
                                           std::uint32_t number) {
  wire::GetPolicyRequest request;
  request.set_volume(std::string(volume));
  request.set_number(number);
  wire::GetPolicyResponse response;
  RETURN_IF_ERROR(
      channel_->Call(&wire::Administration::Stub::GetPolicy, request, response)
          .Context("policy of volume '" + std::string(volume) + "'"));
  return response.json();
}

Result<AuditRecords> AdminClient::ListAudit(const AuditQuery& query) {
  wire::ListAuditRequest request;
  Describe(query, request);
  wire::ListAuditResponse response;
  RETURN_IF_ERROR(
      channel_->Call(&wire::Administration::Stub::ListAudit, request, response)
          .Context("list audit records"));
  return AuditRecords{{response.records().begin(), response.records().end()},
                      response.damaged()};
}

Result<std::string> AdminClient::GetAudit(std::string_view audit_id) {
  wire::GetAuditRequest request;
  request.set_audit_id(std::string(audit_id));
  wire::GetAuditResponse response;
  RETURN_IF_ERROR(
      channel_->Call(&wire::Administration::Stub::GetAudit, request, response)
          .Context("audit record '" + std::string(audit_id) + "'"));
  return response.record();
}

Result<AuditLines> AdminClient::ExportAudit(const AuditQuery& query,
                                            const std::string& from) {
  wire::ExportAuditRequest request;
  Describe(query, *request.mutable_filter());
  request.set_from(from);
  wire::ExportAuditResponse response;
  RETURN_IF_ERROR(
      channel_
          ->Call(&wire::Administration::Stub::ExportAudit, request, response)
          .Context("export the audit log"));
  return AuditLines{{response.lines().begin(), response.lines().end()},
                    response.next(),
                    response.damaged()};
}

Result<ReplayedDecisions> AdminClient::TestPolicy(std::string_view json,
                                                  const AuditQuery& query) {
  wire::TestPolicyRequest request;
  request.set_json(std::string(json));
  Describe(query, *request.mutable_filter());
  wire::TestPolicyResponse response;
  RETURN_IF_ERROR(
      channel_->Call(&wire::Administration::Stub::TestPolicy, request, response)
          .Context("test the policy"));
  ReplayedDecisions replayed;
  replayed.damaged = response.damaged();
  for (const wire::ReplayedDecision& decision : response.decisions()) {
    replayed.decisions.push_back(
        {decision.audit_id(), decision.time(), decision.volume(),
         decision.peer(), decision.reason_then(), decision.reason_now(),
         decision.differing(), decision.not_replayed()});
  }
  return replayed;
}

}  // namespace tdxvfs::cli
