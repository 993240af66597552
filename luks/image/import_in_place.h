// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_IMPORT_IN_PLACE_H_
#define TDXVFS_LUKS_IMAGE_IMPORT_IN_PLACE_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/secret.h"
#include "luks/image/manifest.h"

namespace tdxvfs::image {

// A LUKS2 volume's header, made anew in memory: of profile imported-1, opened
// by exactly one passphrase. Every other key slot is destroyed, tokens and
// flags are taken away; volume key and data stay what they are.
struct InPlaceImport {
  std::filesystem::path image;
  std::vector<std::uint8_t> old_header;
  std::vector<std::uint8_t> new_header;  // of the same size
  Manifest manifest;                     // of the volume with the new header
};

// Makes and checks the new header; writes nothing. `file_system` is what the
// volume has inside. Fails with kNotSupported (LUKS1, or another file system),
// kUsage (a new passphrase below 32 bytes, which cannot be 256 random bits, and
// the derivation is cheap) and as UnlockForeignVolume does.
Result<InPlaceImport> PrepareInPlace(const std::filesystem::path& image,
                                     const std::string& file_system,
                                     const Secret& old_passphrase,
                                     const Secret& new_passphrase);

// Writes the new header over the old one, if that still is there, and syncs.
// Who had an old passphrase and a copy of the old header can still read the
// data: for volumes that have not left the trusted side. Fails with
// kHeaderMismatch (the volume has another header by now), kPermission,
// kNoSpace, kIoError; when the write itself failed or was cut short, the old
// header must be restored from its backup.
Result<void> ApplyInPlace(const InPlaceImport& prepared);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_IMPORT_IN_PLACE_H_
