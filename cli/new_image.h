// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_NEW_IMAGE_H_
#define TDXVFS_CLI_NEW_IMAGE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/manifest_file.h"
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
  std::string signing_key;
  std::string server;
  std::string key_file_option;  // what the command calls it
};

// --register, the options of these names for key file and manifest, --sign,
// --server.
void AddNewImage(Command command, NewImage& target,
                 const std::string& key_file_option,
                 const std::string& manifest_option);

// Makes an image with `make`, which gets the passphrase: from the key file, or
// with --register from the key server, where the image becomes the next
// version of the volume. An image whose registration failed opens nowhere and
// is removed. Writes the manifest and prints the result. Fails as `make`, the
// key server and ManifestFile do, and with kUsage.
Result<void> MakeNewImage(
    const NewImage& target,
    const std::function<Result<image::Manifest>(const Secret& passphrase)>&
        make,
    const Console& console);

// The steps of MakeNewImage for commands that take them in another order.
// Everything about the result that can fail before there is one.
Result<ManifestFile> PlanNewImage(const NewImage& target);
void PrintNewImage(const NewImage& target, const image::Manifest& manifest,
                   std::optional<std::uint32_t> version,
                   const Console& console);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_NEW_IMAGE_H_
