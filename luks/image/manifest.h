// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_MANIFEST_H_
#define TDXVFS_LUKS_IMAGE_MANIFEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/sha256.h"
#include "luks/verity_parameters.h"

namespace tdxvfs::image {

// What a key server must know about a packed image to release its key: all of
// a volume's description but the passphrase. Written beside the image by
// people who pack offline, read back by `tdxvfs key put`.
struct Manifest {
  std::string uuid;                        // of the LUKS2 header
  std::uint64_t header_size = 0;           // bytes
  Sha256Digest header_sha256{};            // over exactly header_size bytes
  std::string header_profile;              // "sealed-1"
  std::string file_system;                 // "erofs"
  std::vector<std::string> mount_options;  // as in the grant: "ro"
  std::uint64_t data_size = 0;             // bytes behind the header
  std::uint64_t image_size = 0;            // header_size + data_size
  // Of the hash tree behind the file system, within data_size; absent in
  // images without one.
  std::optional<luks::VerityParameters> verity;
};

// One JSON object with `"version":1` and the members above, ending in a
// newline; header_sha256 as 64 lower-case hex digits, `verity` as VerityJson
// writes it.
std::string ManifestJson(const Manifest& manifest);

// Reads what ManifestJson writes; `verity` may be missing. Unknown,
// doubled, missing, empty and null members and anything behind the object are
// refused with kFileInvalid, which names the member.
Result<Manifest> ParseManifest(std::string_view json);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_MANIFEST_H_
