// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_NEW_IMAGE_H_
#define TDXVFS_CLI_NEW_IMAGE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cli/command_set.h"
#include "common/result.h"
#include "common/secret.h"
#include "luks/image/manifest.h"

namespace tdxvfs::cli {

// Where a new image and what belongs to it go.
struct NewImage {
  std::string image;
  std::string volume;    // with --register
  std::string key_file;  // its passphrase, when it is not registered
  std::string manifest;
  std::string server;
};

// --register, the options of these names for key file and manifest, --server.
void AddNewImage(CLI::App& command, NewImage& target,
                 const std::string& key_file_option,
                 const std::string& manifest_option);

// Makes an image with `make`, which gets the passphrase: from the key file, or
// with --register from the key server, where the image becomes the next
// version of the volume. An image whose registration failed opens nowhere and
// is removed. Writes the manifest and prints the result. Fails as `make`, the
// key server and WriteNewFile do, and with kUsage.
Result<void> MakeNewImage(
    const NewImage& target,
    const std::function<Result<image::Manifest>(const Secret& passphrase)>&
        make,
    const Console& console);

// The steps of MakeNewImage for commands that take them in another order.
// What can be known before anything is made: kUsage, kAlreadyExists (the
// manifest).
Result<void> CheckNewImage(const NewImage& target);
// Writes the manifest, if that was asked for.
Result<void> WriteManifest(const NewImage& target,
                           const image::Manifest& manifest);
void PrintNewImage(const NewImage& target, const image::Manifest& manifest,
                   std::optional<std::uint32_t> version,
                   const Console& console);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_NEW_IMAGE_H_
