// SPDX-License-Identifier: Apache-2.0
// What an AdminService does with limits, deletion, guests and policy history.
#include <string>
#include <utility>
#include <vector>

#include "attest/policy/measurement_policy.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "common/sha256.h"
#include "keyserver/admin/admin_change.h"
#include "keyserver/admin/admin_service.h"
#include "keyserver/admin/admin_wire.h"

namespace tdxvfs::keyserver {
namespace {

using admin::v1::Empty;
using std::chrono::floor;
using std::chrono::seconds;

constexpr std::size_t kMaxGuests = 1000;
constexpr std::size_t kMaxPolicies = 1000;
constexpr std::uint64_t kMaxGraceSeconds = 10ULL * 366 * 24 * 3600;

std::string VersionName(std::uint32_t version) {
  return "version " + std::to_string(version);
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::SetLimits(
    grpc::CallbackServerContext* context,
    const admin::v1::SetLimitsRequest* request, Empty* /*response*/) {
  return Serve(
      context, "SetLimits", request->volume(),
      [&](const Administrator&) -> Result<void> {
        ASSIGN_OR_RETURN(const VersionLimits limits,
                         ReadLimits(request->limits()));
        RETURN_IF_ERROR(
            store_->SetLimits(request->volume(), request->version(), limits));
        LogChange(request->volume(),
                  "limits of " + VersionName(request->version()) + " set");
        return {};
      });
}

grpc::ServerUnaryReactor* AdminService::DeleteVersion(
    grpc::CallbackServerContext* context,
    const admin::v1::DeleteVersionRequest* request,
    admin::v1::DeleteVersionResponse* response) {
  return Serve(
      context, "DeleteVersion", request->volume(),
      [&](const Administrator&) { return Delete(*request, response); });
}

Result<void> AdminService::Delete(
    const admin::v1::DeleteVersionRequest& request,
    admin::v1::DeleteVersionResponse* response) {
  if (request.grace_seconds() > kMaxGraceSeconds) {
    return Error(Reason::kUsage, "a grace period is at most ten years");
  }
  const auto delete_after =
      floor<seconds>(clock_->Now()) +
      seconds(static_cast<std::int64_t>(request.grace_seconds()));
  RETURN_IF_ERROR(
      store_->SetDeletion(request.volume(), request.version(), delete_after));
  response->set_delete_after(JsonTime(delete_after));
  LogChange(request.volume(),
            VersionName(request.version()) +
                " deleted; its passphrase is destroyed after " +
                response->delete_after());
  return {};
}

grpc::ServerUnaryReactor* AdminService::UndeleteVersion(
    grpc::CallbackServerContext* context,
    const admin::v1::UndeleteVersionRequest* request, Empty* /*response*/) {
  return Serve(context, "UndeleteVersion", request->volume(),
               [&](const Administrator&) -> Result<void> {
                 RETURN_IF_ERROR(store_->SetDeletion(
                     request->volume(), request->version(), std::nullopt));
                 LogChange(request->volume(),
                           VersionName(request->version()) + " undeleted");
                 return {};
               });
}

grpc::ServerUnaryReactor* AdminService::ListGuests(
    grpc::CallbackServerContext* context,
    const admin::v1::ListGuestsRequest* request,
    admin::v1::ListGuestsResponse* response) {
  return Serve(context, "ListGuests", request->volume(),
               [&](const Administrator&) {
                 return WriteGuests(request->volume(), response);
               });
}

Result<void> AdminService::WriteGuests(
    const std::string& volume, admin::v1::ListGuestsResponse* response) {
  if (guests_ != nullptr) {
    RETURN_IF_ERROR(guests_->Flush(store_));
  }
  ASSIGN_OR_RETURN(const std::vector<GuestSeen> guests,
                   store_->ListGuests(volume, kMaxGuests));
  for (const GuestSeen& guest : guests) {
    admin::v1::GuestInfo* const info = response->add_guests();
    info->set_version(guest.version);
    info->set_peer(guest.peer);
    info->set_last(JsonTime(guest.last));
    info->set_releases(guest.releases);
  }
  return {};
}

grpc::ServerUnaryReactor* AdminService::ListPolicies(
    grpc::CallbackServerContext* context,
    const admin::v1::ListPoliciesRequest* request,
    admin::v1::ListPoliciesResponse* response) {
  return Serve(context, "ListPolicies", request->volume(),
               [&](const Administrator&) {
                 return WritePolicies(request->volume(), response);
               });
}

Result<void> AdminService::WritePolicies(
    const std::string& volume, admin::v1::ListPoliciesResponse* response) {
  ASSIGN_OR_RETURN(const std::vector<Listed<PolicyRecord>> policies,
                   store_->ListPolicies(volume, kMaxPolicies));
  for (const Listed<PolicyRecord>& policy : policies) {
    admin::v1::PolicyInfo* const info = response->add_policies();
    info->set_number(policy.number);
    if (!policy.record.has_value()) {
      info->set_damaged(policy.record.error().ToString());
      continue;
    }
    ASSIGN_OR_RETURN(const Sha256Digest digest,
                     Sha256(AsBytes(policy.record->json)));
    info->set_time(policy.record->time);
    info->set_author(policy.record->author);
    info->set_sha256(std::string(AsText(digest)));
  }
  return {};
}

grpc::ServerUnaryReactor* AdminService::RollbackPolicy(
    grpc::CallbackServerContext* context,
    const admin::v1::RollbackPolicyRequest* request,
    admin::v1::RollbackPolicyResponse* response) {
  return Serve(context, "RollbackPolicy", request->volume(),
               [&](const Administrator& caller) {
                 return Rollback(caller, *request, response);
               });
}

// What an earlier program accepted may be refused by now, so it is read again.
Result<void> AdminService::Rollback(
    const Administrator& caller,
    const admin::v1::RollbackPolicyRequest& request,
    admin::v1::RollbackPolicyResponse* response) {
  ASSIGN_OR_RETURN(const std::string author,
                   AuthorOf(caller, request.author()));
  ASSIGN_OR_RETURN(const PolicyRecord policy,
                   store_->FindPolicy(request.volume(), request.number()));
  RETURN_IF_ERROR(policy::MeasurementPolicy::Parse(policy.json));
  ASSIGN_OR_RETURN(const std::uint32_t number,
                   StorePolicy(request.volume(), policy.json, author));
  response->set_number(number);
  LogChange(request.volume(), "policy " + std::to_string(number) +
                                  " set, the same as policy " +
                                  std::to_string(request.number()));
  return {};
}

}  // namespace tdxvfs::keyserver
