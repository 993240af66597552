// SPDX-License-Identifier: Apache-2.0
// Limits, deletion, guests and policy history over the admin socket.
#include <utility>

#include "cli/admin_channel_client.h"
#include "cli/caller_name.h"
#include "common/hex.h"

namespace tdxvfs::cli {
namespace {

namespace wire = tdxvfs::admin::v1;

std::string NameOf(std::string_view volume, std::uint32_t version) {
  return "version " + std::to_string(version) + " of volume '" +
         std::string(volume) + "'";
}

}  // namespace

Result<void> AdminClient::SetLimits(std::string_view volume,
                                    std::uint32_t version,
                                    const VersionLimits& limits) {
  wire::SetLimitsRequest request;
  request.set_volume(std::string(volume));
  request.set_version(version);
  wire::VersionLimits* const message = request.mutable_limits();
  if (limits.not_before.has_value()) {
    message->set_not_before(limits.not_before->time_since_epoch().count());
  }
  if (limits.not_after.has_value()) {
    message->set_not_after(limits.not_after->time_since_epoch().count());
  }
  if (limits.releases.has_value()) {
    message->set_releases(*limits.releases);
  }
  wire::Empty response;
  return channel_
      ->Call(&wire::Administration::Stub::SetLimits, request, response)
      .Context("limit " + NameOf(volume, version));
}

Result<std::string> AdminClient::DeleteVersion(std::string_view volume,
                                               std::uint32_t version,
                                               std::chrono::seconds grace) {
  wire::DeleteVersionRequest request;
  request.set_volume(std::string(volume));
  request.set_version(version);
  request.set_grace_seconds(static_cast<std::uint64_t>(grace.count()));
  wire::DeleteVersionResponse response;
  RETURN_IF_ERROR(
      channel_
          ->Call(&wire::Administration::Stub::DeleteVersion, request, response)
          .Context("delete " + NameOf(volume, version)));
  return response.delete_after();
}

Result<void> AdminClient::UndeleteVersion(std::string_view volume,
                                          std::uint32_t version) {
  wire::UndeleteVersionRequest request;
  request.set_volume(std::string(volume));
  request.set_version(version);
  wire::Empty response;
  return channel_
      ->Call(&wire::Administration::Stub::UndeleteVersion, request, response)
      .Context("undelete " + NameOf(volume, version));
}

Result<std::vector<GuestInfo>> AdminClient::ListGuests(
    std::string_view volume) {
  wire::ListGuestsRequest request;
  request.set_volume(std::string(volume));
  wire::ListGuestsResponse response;
  RETURN_IF_ERROR(
      channel_->Call(&wire::Administration::Stub::ListGuests, request, response)
          .Context("guests of volume '" + std::string(volume) + "'"));
  std::vector<GuestInfo> guests;
  for (const wire::GuestInfo& guest : response.guests()) {
    guests.push_back(
        {guest.version(), guest.peer(), guest.last(), guest.releases()});
  }
  return guests;
}

Result<std::vector<PolicyInfo>> AdminClient::ListPolicies(
    std::string_view volume) {
  wire::ListPoliciesRequest request;
  request.set_volume(std::string(volume));
  wire::ListPoliciesResponse response;
  RETURN_IF_ERROR(
      channel_
          ->Call(&wire::Administration::Stub::ListPolicies, request, response)
          .Context("policies of volume '" + std::string(volume) + "'"));
  std::vector<PolicyInfo> policies;
  for (const wire::PolicyInfo& policy : response.policies()) {
    policies.push_back({policy.number(), policy.time(), policy.author(),
                        ToHex(AsBytes(policy.sha256())), policy.damaged()});
  }
  return policies;
}

Result<std::uint32_t> AdminClient::RollbackPolicy(std::string_view volume,
                                                  std::uint32_t number) {
  wire::RollbackPolicyRequest request;
  request.set_volume(std::string(volume));
  request.set_number(number);
  request.set_author(CallerName());
  wire::RollbackPolicyResponse response;
  RETURN_IF_ERROR(
      channel_
          ->Call(&wire::Administration::Stub::RollbackPolicy, request, response)
          .Context("roll the policy of volume '" + std::string(volume) +
                   "' back"));
  return response.number();
}

}  // namespace tdxvfs::cli
