// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_MANIFEST_FILE_H_
#define TDXVFS_CLI_MANIFEST_FILE_H_

#include <string>

#include "common/owned_openssl.h"
#include "common/result.h"
#include "luks/image/manifest.h"

namespace tdxvfs::cli {

// The manifest that a command leaves beside an image, with its signature in
// PATH.sig. Made before the image, so that everything about it that can fail
// is found out while there is no image yet.
class ManifestFile {
 public:
  // Both may be empty: no manifest, no signature. Fails with kUsage (a key but
  // no manifest), kAlreadyExists, and as ReadSecretFile and ParseSigningKey do.
  static Result<ManifestFile> Plan(const std::string& path,
                                   const std::string& signing_key);

  // Fails as WriteNewFile and SignManifest do.
  Result<void> Write(const image::Manifest& manifest) const;

 private:
  std::string path_;
  EvpPkeyPtr signing_key_;
};

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_MANIFEST_FILE_H_
