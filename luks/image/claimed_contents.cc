// SPDX-License-Identifier: Apache-2.0
#include "luks/image/claimed_contents.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

#include "luks/image/verified_reader.h"
#include "luks/mount.h"
#include "luks/super_block.h"

namespace tdxvfs::image {
namespace {

static_assert(kVerityBlockSize >= luks::kSuperBlockArea);

Error ClaimError(std::string_view member, const std::string& what) {
  return {Reason::kFileInvalid, "'" + std::string(member) + "' " + what};
}

// Of a journal that has to be replayed a guest could not, and should not.
bool NeedsNoload(const Manifest& manifest) {
  return manifest.file_system == "ext4";
}

}  // namespace

Result<void> CheckMountMembers(const Manifest& manifest) {
  if (!luks::IsMountable(manifest.file_system)) {
    return ClaimError("file_system", "is '" + manifest.file_system +
                                         "', which no guest mounts");
  }
  std::set<std::string_view> seen;
  for (const std::string& option : manifest.mount_options) {
    if (!luks::IsMountOption(option, manifest.file_system)) {
      return ClaimError("mount_options", "has '" + option +
                                             "', which no guest takes for " +
                                             manifest.file_system);
    }
    if (!seen.insert(option).second) {
      return ClaimError("mount_options", "has '" + option + "' twice");
    }
  }
  if (!seen.contains("ro") ||
      (NeedsNoload(manifest) && !seen.contains("noload"))) {
    return ClaimError(
        "mount_options",
        std::string("lacks '") + (seen.contains("ro") ? "noload" : "ro") +
            "', with which " + manifest.file_system + " is packed");
  }
  return {};
}

Result<void> CheckFileSystem(const SealedImage& image,
                             const Manifest& manifest) {
  ASSIGN_OR_RETURN(const auto reader, VerifiedReader::Create(&image));
  std::array<std::uint8_t, kVerityBlockSize> start{};
  RETURN_IF_ERROR(reader->Read(0, start));
  const std::string held(luks::FileSystemOf(start));
  if (held != manifest.file_system) {
    return ClaimError("file_system",
                      "is '" + manifest.file_system + "', but image '" +
                          image.path().string() + "' holds " +
                          (held.empty() ? "no file system of ours" : held));
  }
  const auto size = luks::FileSystemSize(held, start);
  if (size.value_or(0) > image.data_blocks() * kVerityBlockSize) {
    return ClaimError(
        "verity.data_blocks",
        "is less than the file system's " + std::to_string(*size) + " bytes");
  }
  return {};
}

}  // namespace tdxvfs::image
