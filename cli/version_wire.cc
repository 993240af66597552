// SPDX-License-Identifier: Apache-2.0
#include "cli/version_wire.h"

#include <algorithm>
#include <string>

#include "common/clock.h"
#include "common/hex.h"

namespace tdxvfs::cli {
namespace {

void WriteVerity(const luks::VerityParameters& verity, v1::Verity& message) {
  message.set_hash(verity.hash);
  message.set_data_block_size(verity.data_block_size);
  message.set_hash_block_size(verity.hash_block_size);
  message.set_data_blocks(verity.data_blocks);
  message.set_hash_start_block(verity.hash_start_block);
  message.set_salt(verity.salt.data(), verity.salt.size());
  message.set_root_hash(std::string(AsText(verity.root_hash)));
}

Result<luks::VerityParameters> ReadVerity(const v1::Verity& message) {
  luks::VerityParameters verity;
  if (message.root_hash().size() != verity.root_hash.size()) {
    return Error(Reason::kServerMisbehaved,
                 "key server: verity without a root hash");
  }
  verity.hash = message.hash();
  verity.data_block_size = message.data_block_size();
  verity.hash_block_size = message.hash_block_size();
  verity.data_blocks = message.data_blocks();
  verity.hash_start_block = message.hash_start_block();
  const auto salt = AsBytes(message.salt());
  verity.salt.assign(salt.begin(), salt.end());
  const auto root_hash = AsBytes(message.root_hash());
  std::copy(root_hash.begin(), root_hash.end(), verity.root_hash.begin());
  return verity;
}

std::chrono::sys_seconds TimeOf(std::int64_t seconds) {
  return std::chrono::floor<std::chrono::seconds>(
      NearestTime(std::chrono::sys_seconds(std::chrono::seconds(seconds))));
}

void ReadLimits(const admin::v1::VersionInfo& message, VersionInfo* info) {
  const admin::v1::VersionLimits& limits = message.limits();
  if (limits.has_not_before()) {
    info->limits.not_before = TimeOf(limits.not_before());
  }
  if (limits.has_not_after()) {
    info->limits.not_after = TimeOf(limits.not_after());
  }
  if (limits.has_releases()) {
    info->limits.releases = limits.releases();
  }
  info->released = message.released();
  info->delete_after = message.delete_after();
  info->destroyed = message.destroyed();
}

}  // namespace

void WriteDescription(const VolumeDescription& description,
                      admin::v1::VolumeDescription& message) {
  message.set_uuid(description.uuid);
  message.set_header_size(description.header_size);
  message.set_header_sha256(std::string(AsText(description.header_sha256)));
  message.set_header_profile(description.header_profile);
  message.set_file_system(description.file_system);
  for (const std::string& option : description.mount_options) {
    message.add_mount_options(option);
  }
  if (description.verity.has_value()) {
    WriteVerity(*description.verity, *message.mutable_verity());
  }
}

Result<VersionInfo> ReadVersionInfo(const admin::v1::VersionInfo& message) {
  const admin::v1::VolumeDescription& from = message.description();
  VersionInfo info;
  info.volume = message.volume();
  info.version = message.version();
  info.damaged = message.damaged();
  if (!info.damaged.empty()) {
    return info;
  }
  info.retired = message.retired();
  info.volume_disabled = message.volume_disabled();
  info.has_policy = message.has_policy();
  info.created = message.created();
  ReadLimits(message, &info);
  VolumeDescription& to = info.description;
  to.uuid = from.uuid();
  to.header_size = from.header_size();
  if (from.header_sha256().size() != to.header_sha256.size()) {
    return Error(Reason::kServerMisbehaved,
                 "key server: version without a header digest");
  }
  const auto digest = AsBytes(from.header_sha256());
  std::copy(digest.begin(), digest.end(), to.header_sha256.begin());
  to.header_profile = from.header_profile();
  to.file_system = from.file_system();
  to.mount_options.assign(from.mount_options().begin(),
                          from.mount_options().end());
  if (from.has_verity()) {
    ASSIGN_OR_RETURN(to.verity, ReadVerity(from.verity()));
  }
  return info;
}

}  // namespace tdxvfs::cli
