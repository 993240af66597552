// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/in_place_remains.h"
#include "cli/new_image.h"
#include "cli/progress_line.h"
#include "cli/register_version.h"
#include "cli/volume_description.h"
#include "common/volume_name.h"
#include "luks/image/header_backup.h"
#include "luks/image/import_image.h"
#include "luks/image/import_in_place.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string old_image;
  std::string key_file;
  std::string header_backup;
  std::string file_system = "ext4";  // with --in-place
  bool in_place = false;
  bool convert = false;  // the default, so that scripts can say it
  NewImage target;
};

Result<void> Convert(const Options& options, const Secret& old_passphrase,
                     const Console& console) {
  return MakeNewImage(
      options.target,
      [&](const Secret& passphrase) -> Result<image::Manifest> {
        ProgressLine progress(console, "importing '" + options.old_image + "'");
        return image::ImportImage(
                   {.old_image = options.old_image,
                    .new_image = options.target.image,
                    .header_backup = options.header_backup,
                    .old_passphrase = &old_passphrase,
                    .new_passphrase = &passphrase,
                    .progress =
                        [&](std::uint64_t done, std::uint64_t total) {
                          progress.Show(done, total);
                        }})
            .Context("import '" + options.old_image + "'");
      },
      console);
}

// The steps behind the manifest; `backup` is kept from the one on that somebody
// may need it for.
Result<std::optional<std::uint32_t>> Apply(const Options& options,
                                           const image::InPlaceImport& prepared,
                                           const Secret& new_passphrase,
                                           image::HeaderBackup* backup,
                                           AdminClient* server,
                                           const Console& console) {
  std::optional<std::uint32_t> version;
  if (server != nullptr) {
    RemarkStrayVersions(*server, options.target.volume, prepared, console);
    ASSIGN_OR_RETURN(version,
                     server->PutVersion(options.target.volume,
                                        DescribeManifest(prepared.manifest),
                                        new_passphrase));
  }
  backup->Keep();
  RETURN_IF_ERROR(
      image::ApplyInPlace(prepared)
          .Context("the old header is in '" + options.header_backup + "'")
          .Context("import '" + options.old_image + "'"));
  return version;
}

// Everything that can fail for a reason outside the volume's disk comes before
// the one write that changes the volume: new header, backup, manifest,
// registration, write.
Result<void> InPlaceWith(const Options& options, const Secret& old_passphrase,
                         const Secret& new_passphrase, ManifestFile* manifest,
                         AdminClient* server, const Console& console) {
  const std::string what = "import '" + options.old_image + "'";
  ASSIGN_OR_RETURN(const image::InPlaceImport prepared,
                   image::PrepareInPlace(options.old_image, options.file_system,
                                         old_passphrase, new_passphrase)
                       .Context(what));
  ASSIGN_OR_RETURN(
      image::HeaderBackup backup,
      image::HeaderBackup::Write(options.header_backup, prepared.old_header)
          .Context(what));
  RETURN_IF_ERROR(manifest->Write(prepared.manifest));
  const auto version =
      Apply(options, prepared, new_passphrase, &backup, server, console);
  if (!version.has_value()) {
    manifest->Remove();
    return version.error();
  }
  PrintNewImage(options.target, prepared.manifest, *version, console);
  if (server != nullptr) {
    RemarkMissingPolicy(*server, options.target.volume, console);
  }
  return {};
}

Result<void> InPlace(Options options, const Secret& old_passphrase,
                     const Console& console) {
  if (!options.target.image.empty()) {
    return Error(Reason::kUsage, "--in-place makes no NEW image");
  }
  options.target.image = options.old_image;
  RETURN_IF_ERROR(TakeAwayRemains(
      {options.old_image, options.header_backup, options.target.manifest},
      console));
  ASSIGN_OR_RETURN(ManifestFile manifest, PlanNewImage(options.target));
  if (!options.target.key_file.empty()) {
    ASSIGN_OR_RETURN(const Secret passphrase,
                     ReadKeyFile(options.target.key_file, console));
    return InPlaceWith(options, old_passphrase, passphrase, &manifest, nullptr,
                       console);
  }
  RETURN_IF_ERROR(CheckVolumeName(options.target.volume));
  ASSIGN_OR_RETURN(AdminClient server,
                   AdminClient::ConnectTo(options.target.server));
  ASSIGN_OR_RETURN(const Secret passphrase, server.MakePassphrase());
  return InPlaceWith(options, old_passphrase, passphrase, &manifest, &server,
                     console);
}

Result<void> VolumeImport(Options options, const Console& console) {
  if (!options.in_place && options.target.image.empty()) {
    return Error(Reason::kUsage, "NEW is required, or --in-place");
  }
  std::error_code ignored;
  if (options.header_backup.empty()) {
    if (std::filesystem::is_block_file(options.old_image, ignored)) {
      return Error(Reason::kUsage,
                   "--header-backup is required: beside a device is no disk");
    }
    options.header_backup = options.old_image + ".header";
  }
  ASSIGN_OR_RETURN(const Secret old_passphrase,
                   ReadKeyFile(options.key_file, console));
  return options.in_place ? InPlace(std::move(options), old_passphrase, console)
                          : Convert(options, old_passphrase, console);
}

}  // namespace

void AddVolumeImport(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command =
      commands.Add("volume", "import", "seal a LUKS volume of another maker",
                   [options](const Console& console) {
                     return VolumeImport(*options, console);
                   });
  command
      .AddOption("OLD", options->old_image,
                 "volume with ext4, LUKS2 or LUKS1; not changed")
      .Required();
  command.AddOption("NEW", options->target.image,
                    "image to make; never overwritten");
  command
      .AddOption("--key-file", options->key_file,
                 "the old volume's passphrase, byte for byte")
      .Required();
  command.AddOption("--header-backup", options->header_backup,
                    "file for a copy of the old header (OLD.header)");
  command.AddFlag(
      "--in-place", options->in_place,
      "change OLD (LUKS2 only): one slot with a new passphrase; no hash tree");
  command
      .AddFlag("--convert", options->convert,
               "pack the contents anew (default)")
      .Excludes("--in-place");
  command
      .AddOption("--file-system", options->file_system,
                 "with --in-place: what is inside (ext4)")
      .Needs("--in-place");
  AddNewImage(command, options->target, "--new-key-file", "--manifest");
}

}  // namespace tdxvfs::cli
