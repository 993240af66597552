// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_IMPORT_IMAGE_H_
#define TDXVFS_LUKS_IMAGE_IMPORT_IMAGE_H_

#include <cstdint>
#include <filesystem>

#include "common/result.h"
#include "common/secret.h"
#include "luks/image/manifest.h"
#include "luks/image/parallel_pieces.h"

namespace tdxvfs::image {

struct ImportRequest {
  std::filesystem::path old_image;
  std::filesystem::path new_image;  // must not exist
  std::filesystem::path header_backup;
  const Secret* old_passphrase = nullptr;
  const Secret* new_passphrase = nullptr;
  PieceProgress progress;  // bytes of files; may be empty
};

// Packs the contents of a LUKS2 or LUKS1 volume with ext4 anew: read with the
// old key in user space, written as PackImage writes them; nothing is on a disk
// in the clear, and the old volume is not changed. Once the old volume has been
// opened, a copy of its header goes to `header_backup` before anything else is
// made; after a failure neither is left. The contents are taken as they are: an
// old volume has no hash tree, so nobody can say whether they were changed.
//
// Fails as UnlockForeignVolume, Ext4FileSystem::Open, ScanExt4,
// SourceDateEpoch, HeaderBackup::Write and SealImage do.
Result<Manifest> ImportImage(const ImportRequest& request);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_IMPORT_IMAGE_H_
