// SPDX-License-Identifier: Apache-2.0
#include "cli/volume_description.h"

#include <utility>

#include "common/file.h"
#include "luks/inspect.h"

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kMaxManifestSize = std::size_t{64} * 1024;  // bytes

}  // namespace

VolumeDescription DescribeManifest(const image::Manifest& manifest) {
  return {.uuid = manifest.uuid,
          .header_size = manifest.header_size,
          .header_sha256 = manifest.header_sha256,
          .header_profile = manifest.header_profile,
          .file_system = manifest.file_system,
          .mount_options = manifest.mount_options,
          .verity = manifest.verity};
}

Result<VolumeDescription> DescribeManifestFile(
    const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxManifestSize));
  ASSIGN_OR_RETURN(
      const image::Manifest manifest,
      image::ParseManifest(text).Context("manifest '" + path.string() + "'"));
  return DescribeManifest(manifest);
}

Result<VolumeDescription> DescribeImage(const std::filesystem::path& path,
                                        std::string_view file_system) {
  ASSIGN_OR_RETURN(const luks::Inspection image, luks::InspectImage(path));
  if (image.header_profile.empty() || !image.header.has_value()) {
    return Error(Reason::kHeaderRefused,
                 "image '" + path.string() + "': " + image.refusal);
  }
  VolumeDescription description;
  description.uuid = image.header->uuid;
  description.header_size = image.header->size;
  description.header_sha256 = image.header->sha256;
  description.header_profile = image.header_profile;
  description.file_system = std::string(file_system);
  // Whoever made the image: a volume of the release exchange is read-only.
  description.mount_options = {"ro"};
  return description;
}

}  // namespace tdxvfs::cli
