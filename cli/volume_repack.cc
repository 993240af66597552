// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/new_image.h"
#include "cli/progress_line.h"
#include "cli/volume_access.h"
#include "luks/image/repack_image.h"

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kSaltSize = 32;  // bytes, as veritysetup makes them

struct Options {
  VolumeAccess access;
  NewImage target;
  std::string salt = "keep";
};

Result<std::optional<std::vector<std::uint8_t>>> NewSalt(
    const Options& options) {
  if (options.salt == "keep") {
    return std::optional<std::vector<std::uint8_t>>();
  }
  if (options.salt != "random") {
    return Error(Reason::kUsage,
                 "--salt is keep or random, not '" + options.salt + "'");
  }
  // Not a secret, but drawn as one.
  ASSIGN_OR_RETURN(const Secret salt, Secret::Random(kSaltSize));
  const auto bytes = salt.Reveal();
  return std::optional(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
}

Result<void> VolumeRepack(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const auto salt, NewSalt(options));
  ASSIGN_OR_RETURN(const image::Manifest manifest,
                   ReadMountedManifest(options.access));
  ASSIGN_OR_RETURN(const image::SealedImage source,
                   OpenVolumeImage(options.access, manifest, console));
  RETURN_IF_ERROR(CheckHeldFileSystem(options.access, manifest, source));
  return MakeNewImage(
      options.target,
      [&](const Secret& passphrase) -> Result<image::Manifest> {
        ProgressLine progress(console,
                              "repacking '" + options.access.image + "'");
        return image::RepackImage(
                   {.source = &source,
                    .manifest = &manifest,
                    .image = options.target.image,
                    .passphrase = &passphrase,
                    .salt = salt,
                    .progress =
                        [&](std::uint64_t done, std::uint64_t total) {
                          progress.Show(done, total);
                        }})
            .Context("repack '" + options.access.image + "'");
      },
      console);
}

}  // namespace

void AddVolumeRepack(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "volume", "repack",
      "make a new version of an image: same contents, everything secret new",
      [options](const Console& console) {
        return VolumeRepack(*options, console);
      });
  AddVolumeAccess(command, options->access);
  command
      .AddOption("NEW", options->target.image,
                 "image to make; never overwritten")
      .Required();
  AddNewImage(command, options->target, "--new-key-file", "--new-manifest");
  command.AddOption("--salt", options->salt,
                    "keep (the root hash stays what it is) or random");
}

}  // namespace tdxvfs::cli
