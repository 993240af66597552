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
  std::filesystem::path source;   // a directory; everything below it goes in
  std::optional<int> tar_stream;  // a descriptor to read instead of `source`
  std::filesystem::path image;    // must not exist
  Secret passphrase;              // 1 to 512 bytes, used byte for byte
  std::string file_system = "erofs";  // or "squashfs"; "ext4" (folders only)
  std::optional<std::string> uuid;    // of the LUKS2 header; absent: random
  // The verity salt is zeroes unless this is set, so that one tree always has
  // one root hash.
  bool random_salt = false;
  // Bytes read so far and in all; in all is 0 where nobody knows, as for a tar
  // stream. Called on the caller's thread. May be empty.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

// Packs a directory or a tar stream into a new encrypted image with a verity
// tree, in user space: no root, no loop device, no device mapper, no child
// process. What is read is hashed and encrypted on all cores before it reaches
// a disk; memory does not grow with its size. The image appears under its name
// only when it is complete and on disk; after a failure nothing of it is left.
// SOURCE_DATE_EPOCH, when set, becomes the time of every file.
//
// Fails with kAlreadyExists (the image), kFileNotFound or kFileInvalid (the
// source), kNotSupported (file system), kUsage (uuid, passphrase), kNoSpace,
// kPermission, kFileUnreadable, kIoError, kInternal.
Result<Manifest> PackImage(const PackRequest& request);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_PACK_IMAGE_H_
