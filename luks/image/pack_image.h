// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_PACK_IMAGE_H_
#define TDXVFS_LUKS_IMAGE_PACK_IMAGE_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/secret.h"
#include "luks/image/manifest.h"

namespace tdxvfs::image {

struct PackRequest {
  std::filesystem::path source;  // a directory; everything below it goes in
  std::filesystem::path image;   // must not exist
  Secret passphrase;             // 1 to 512 bytes, used byte for byte
  std::string file_system = "erofs";
  std::optional<std::string> uuid;  // of the LUKS2 header; absent: random
  // Bytes encrypted so far and in all; called on the caller's thread, at least
  // once with done == total. May be empty.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

// Packs a directory into a new encrypted image, in user space: no root, no
// loop device, no device mapper. The image appears under its name only when it
// is complete and on disk; after a failure nothing of it is left.
// SOURCE_DATE_EPOCH, when set, becomes the time of every file.
//
// Fails with kAlreadyExists (the image), kFileNotFound or kFileInvalid (the
// source, mkfs.erofs), kNotSupported (file system), kUsage (uuid, passphrase),
// kNoSpace, kPermission, kFileUnreadable, kInternal.
Result<Manifest> PackImage(const PackRequest& request);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_PACK_IMAGE_H_
