// SPDX-License-Identifier: Apache-2.0
#include "keyserver/admin/admin_wire.h"

#include <algorithm>
#include <array>
#include <string>

#include "common/clock.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "common/profile_limits.h"
#include "common/uuid.h"
#include "keyserver/release_wire.h"
#include "keyserver/verity_wire.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::uint64_t kMinHeaderSize = 4096;
constexpr std::uint64_t kMaxHeaderSize = 16ULL * 1024 * 1024;
constexpr int kMaxMountOptions = 8;
constexpr std::array<std::string_view, 2> kProfiles = {kSealedProfile,
                                                       kImportedProfile};
constexpr std::array<std::string_view, 3> kFileSystems = {"erofs", "squashfs",
                                                          "ext4"};
constexpr std::array<std::string_view, 5> kMountOptions = {
    "ro", "rw", "noatime", "relatime", "noload"};

template <std::size_t kSize>
Result<void> CheckOneOf(const std::string& value, std::string_view name,
                        const std::array<std::string_view, kSize>& allowed) {
  if (std::ranges::find(allowed, value) != allowed.end()) {
    return {};
  }
  std::string list;
  for (const std::string_view word : allowed) {
    list += (list.empty() ? "" : ", ") + std::string(word);
  }
  return Error(Reason::kUsage,
               std::string(name) + " '" + value + "' is not one of: " + list);
}

// From 1970 on, and nothing that would wrap around when compared with the
// clock.
Result<std::chrono::sys_seconds> TimeOf(std::int64_t since_epoch) {
  const std::chrono::sys_seconds time{std::chrono::seconds(since_epoch)};
  if (since_epoch < 0 || time >= kLastTime) {
    return Error(Reason::kUsage, "time " + std::to_string(since_epoch) +
                                     " is not within 1970 to 2261");
  }
  return time;
}

void WriteLimits(const VersionRecord& record, admin::v1::VersionInfo* info) {
  admin::v1::VersionLimits* limits = info->mutable_limits();
  if (record.limits.not_before.has_value()) {
    limits->set_not_before(
        record.limits.not_before->time_since_epoch().count());
  }
  if (record.limits.not_after.has_value()) {
    limits->set_not_after(record.limits.not_after->time_since_epoch().count());
  }
  if (record.limits.releases.has_value()) {
    limits->set_releases(*record.limits.releases);
  }
  info->set_released(record.released);
  if (record.delete_after.has_value()) {
    info->set_delete_after(JsonTime(*record.delete_after));
  }
  info->set_destroyed(record.destroyed);
}

}  // namespace

Result<VersionDescription> ReadDescription(
    const admin::v1::VolumeDescription& description) {
  if (!IsUuid(description.uuid())) {
    return Error(Reason::kUsage, "uuid is not a UUID in lower case");
  }
  const std::uint64_t header_size = description.header_size();
  if (header_size < kMinHeaderSize || header_size > kMaxHeaderSize ||
      header_size % kMinHeaderSize != 0) {
    return Error(Reason::kUsage, "header_size " + std::to_string(header_size) +
                                     " is not a multiple of 4096 up to 16 MiB");
  }
  VersionDescription read;
  if (description.header_sha256().size() != read.header_sha256.size()) {
    return Error(Reason::kUsage, "header_sha256 has not 32 bytes");
  }
  RETURN_IF_ERROR(
      CheckOneOf(description.header_profile(), "header_profile", kProfiles));
  RETURN_IF_ERROR(
      CheckOneOf(description.file_system(), "file_system", kFileSystems));
  if (description.mount_options_size() > kMaxMountOptions) {
    return Error(Reason::kUsage, "too many mount_options");
  }
  for (const std::string& option : description.mount_options()) {
    RETURN_IF_ERROR(CheckOneOf(option, "mount option", kMountOptions));
    read.mount_options.push_back(option);
  }
  read.uuid = description.uuid();
  read.header_size = header_size;
  std::ranges::copy(AsBytes(description.header_sha256()),
                    read.header_sha256.begin());
  read.header_profile = description.header_profile();
  read.file_system = description.file_system();
  if (description.has_verity()) {
    if (read.header_profile == kImportedProfile) {
      return Error(Reason::kUsage, "verity: profile imported-1 has none");
    }
    ASSIGN_OR_RETURN(read.verity, ReadVerity(description.verity()));
  }
  return read;
}

grpc::Status StatusOf(const Result<void>& result) {
  return result.has_value() ? grpc::Status::OK : AdminStatus(result.error());
}

grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context,
                                 const Result<void>& result) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(StatusOf(result));
  return reactor;
}

Result<VersionLimits> ReadLimits(const admin::v1::VersionLimits& limits) {
  VersionLimits read;
  if (limits.has_not_before()) {
    ASSIGN_OR_RETURN(read.not_before, TimeOf(limits.not_before()));
  }
  if (limits.has_not_after()) {
    ASSIGN_OR_RETURN(read.not_after, TimeOf(limits.not_after()));
  }
  if (read.not_before.has_value() && read.not_after.has_value() &&
      *read.not_after < *read.not_before) {
    return Error(Reason::kUsage, "not_after is before not_before");
  }
  if (limits.has_releases()) {
    read.releases = limits.releases();
  }
  return read;
}

void WriteVersion(const VersionRecord& record, const VolumeRecord& volume,
                  admin::v1::VersionInfo* info) {
  info->set_volume(record.volume);
  info->set_version(record.version);
  admin::v1::VolumeDescription* description = info->mutable_description();
  description->set_uuid(record.description.uuid);
  description->set_header_size(record.description.header_size);
  description->set_header_sha256(
      std::string(AsText(record.description.header_sha256)));
  description->set_header_profile(record.description.header_profile);
  description->set_file_system(record.description.file_system);
  for (const std::string& option : record.description.mount_options) {
    description->add_mount_options(option);
  }
  if (record.description.verity.has_value()) {
    WriteVerity(*record.description.verity, description->mutable_verity());
  }
  info->set_retired(record.retired);
  info->set_created(record.created);
  info->set_volume_disabled(volume.disabled);
  info->set_has_policy(volume.policy_json.has_value());
  WriteLimits(record, info);
}

}  // namespace tdxvfs::keyserver
