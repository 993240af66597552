// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_REPACK_IMAGE_H_
#define TDXVFS_LUKS_IMAGE_REPACK_IMAGE_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "common/result.h"
#include "common/secret.h"
#include "luks/image/manifest.h"
#include "luks/image/parallel_pieces.h"
#include "luks/image/sealed_image.h"

namespace tdxvfs::image {

struct RepackRequest {
  const SealedImage* source = nullptr;
  const Manifest* manifest = nullptr;  // of the source
  std::filesystem::path image;         // must not exist
  const Secret* passphrase = nullptr;  // of the new image
  // Another salt for the hash tree, and so another root hash; nothing: as it
  // was.
  std::optional<std::vector<std::uint8_t>> salt;
  PieceProgress progress;  // bytes of data; may be empty
};

// Makes a new image of the same contents: new UUID, volume key and passphrase,
// the data decrypted and encrypted anew as they stream by, on all cores; they
// are never on a disk in the clear. The hash tree is built anew and its root
// hash compared with the manifest's, so that damage is found: kImageCorrupt. As
// with PackImage the image appears when it is complete, and it fails likewise.
Result<Manifest> RepackImage(const RepackRequest& request);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_REPACK_IMAGE_H_
