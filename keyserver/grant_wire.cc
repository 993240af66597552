// SPDX-License-Identifier: Apache-2.0
#include "keyserver/grant_wire.h"

#include <string>

#include "common/hex.h"
#include "keyserver/verity_wire.h"
#include "tdxvfs/v1/release.pb.h"

namespace tdxvfs::keyserver {

Result<Secret> SerializeGrant(const VersionRecord& version,
                              const Secret& passphrase) {
  const VersionDescription& description = version.description;
  v1::VolumeGrant grant;
  grant.set_volume(version.volume);
  grant.set_purpose(v1::OPEN);
  grant.set_version(version.version);
  grant.set_uuid(description.uuid);
  grant.set_header_size(description.header_size);
  grant.set_header_sha256(std::string(AsText(description.header_sha256)));
  grant.set_header_profile(description.header_profile);
  grant.set_file_system(description.file_system);
  for (const std::string& option : description.mount_options) {
    grant.add_mount_options(option);
  }
  if (description.verity.has_value()) {
    WriteVerity(*description.verity, grant.mutable_verity());
  }
  grant.set_passphrase(passphrase.Reveal().data(), passphrase.size());
  auto serialized = Secret::Filled(
      grant.ByteSizeLong(), [&](std::span<std::uint8_t> bytes) -> Result<void> {
        if (!grant.SerializeToArray(bytes.data(),
                                    static_cast<int>(bytes.size()))) {
          return Error(Reason::kInternal, "serialise a grant");
        }
        return {};
      });
  WipeString(*grant.mutable_passphrase());
  return serialized;
}

}  // namespace tdxvfs::keyserver
