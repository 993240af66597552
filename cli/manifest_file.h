// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_MANIFEST_FILE_H_
#define TDXVFS_CLI_MANIFEST_FILE_H_

#include <optional>
#include <string>

#include "common/owned_openssl.h"
#include "common/result.h"
#include "luks/image/manifest.h"
#include "luks/image/pending_file.h"

namespace tdxvfs::cli {

// Where the signature of a manifest lies: PATH.sig.
std::string SignaturePath(const std::string& manifest);

// The manifest that a command leaves beside an image, with its signature in
// PATH.sig. Planned before the image is made: both files exist from then on
// without a name, so that a folder that is missing, unwritable or full is found
// out while there is no image yet.
class ManifestFile {
 public:
  // Both may be empty: no manifest, no signature. Fails with kUsage (a key but
  // no manifest), and as PendingFile::Create, ReadSecretFile and
  // ParseSigningKey do.
  static Result<ManifestFile> Plan(const std::string& path,
                                   const std::string& signing_key);

  // Once. Fails as PendingFile::Commit and SignManifest do.
  Result<void> Write(const image::Manifest& manifest);
  // Takes back what Write wrote, when there is no such image in the end.
  void Remove() const;

 private:
  std::optional<image::PendingFile> manifest_;
  std::optional<image::PendingFile> signature_;
  EvpPkeyPtr signing_key_;
};

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_MANIFEST_FILE_H_
