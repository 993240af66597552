// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_VOLUME_ACCESS_H_
#define TDXVFS_CLI_VOLUME_ACCESS_H_

#include <string>

#include "cli/command.h"
#include "cli/console.h"
#include "common/result.h"
#include "luks/image/manifest.h"
#include "luks/image/sealed_image.h"
#include "luks/image/sealed_tree.h"

namespace tdxvfs::cli {

// What a command needs to read a volume that its user owns.
struct VolumeAccess {
  std::string image;
  std::string manifest;
  std::string key_file;
  std::string verify_key;  // empty: the manifest is taken as it lies there
};

// IMAGE and --manifest, both required, --key-file and --verify-key.
void AddVolumeAccess(Command command, VolumeAccess& access);

// Reads the manifest file and, before anything of it is parsed, checks its
// signature in MANIFEST.sig where a key for that was given. Fails as ReadFile,
// VerifyManifest and ParseManifest do.
Result<image::Manifest> ReadManifest(const VolumeAccess& access);

// The same, of a manifest by which guests are going to mount the image. Fails
// as CheckMountMembers does, too.
Result<image::Manifest> ReadMountedManifest(const VolumeAccess& access);

// Reads the key file and opens the image. Fails as ReadKeyFile and
// SealedImage::Open do.
Result<image::SealedImage> OpenVolumeImage(const VolumeAccess& access,
                                           const image::Manifest& manifest,
                                           const Console& console);

// That the image holds the file system of the manifest. Says nothing of one
// whose first block is bad: whoever reads all of it finds that. Fails as
// CheckFileSystem does.
Result<void> CheckHeldFileSystem(const VolumeAccess& access,
                                 const image::Manifest& manifest,
                                 const image::SealedImage& image);

// Opens the tree, for commands that look at the files inside. Fails as
// CheckHeldFileSystem and SealedTree::Open do, too.
Result<image::SealedTree> OpenVolumeTree(const VolumeAccess& access,
                                         const image::Manifest& manifest,
                                         const Console& console);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_VOLUME_ACCESS_H_
