// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SEAL_IMAGE_H_
#define TDXVFS_LUKS_IMAGE_SEAL_IMAGE_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/secret.h"
#include "luks/image/image_sink.h"
#include "luks/image/manifest.h"

namespace tdxvfs::image {

inline constexpr std::size_t kVeritySaltSize = 32;  // bytes

struct SealRequest {
  std::filesystem::path image;         // must not exist
  const Secret* passphrase = nullptr;  // 1 to 512 bytes, byte for byte
  std::string file_system = "erofs";   // what `write` puts out
  std::optional<std::string> uuid;     // of the header; absent: random
  std::vector<std::uint8_t> salt;      // of the hash tree
};

// Makes an image of profile sealed-1 around the file system image that
// `write` puts out: header, encrypted data, hash tree. It appears under its
// name when it is complete and on disk; after a failure nothing of it is left.
// Fails as `write` does and with kAlreadyExists, kUsage (uuid, passphrase),
// kNoSpace, kPermission, kFileNotFound (the folder), kIoError, kInternal.
Result<Manifest> SealImage(
    const SealRequest& request,
    const std::function<Result<void>(ImageSink*)>& write);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SEAL_IMAGE_H_
