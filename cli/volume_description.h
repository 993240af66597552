// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_VOLUME_DESCRIPTION_H_
#define TDXVFS_CLI_VOLUME_DESCRIPTION_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/sha256.h"
#include "luks/image/manifest.h"
#include "luks/verity_parameters.h"

namespace tdxvfs::cli {

// What a key server must know of one version of a volume besides its
// passphrase.
struct VolumeDescription {
  std::string uuid;
  std::uint64_t header_size = 0;  // bytes
  Sha256Digest header_sha256{};
  std::string header_profile;              // "sealed-1"
  std::string file_system;                 // "erofs", "squashfs", "ext4"
  std::vector<std::string> mount_options;  // of: ro, noatime, relatime, noload
  std::optional<luks::VerityParameters> verity;  // nothing without a hash tree
};

VolumeDescription DescribeManifest(const image::Manifest& manifest);

// Reads a manifest file. Fails as ReadFile and ParseManifest do.
Result<VolumeDescription> DescribeManifestFile(
    const std::filesystem::path& path);

// Reads an image's own header; the file system, which is encrypted, must be
// told. Fails as InspectImage does, and with kHeaderRefused when no profile
// takes the header.
Result<VolumeDescription> DescribeImage(const std::filesystem::path& path,
                                        std::string_view file_system);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_VOLUME_DESCRIPTION_H_
