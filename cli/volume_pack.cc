// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/progress_line.h"
#include "cli/register_version.h"
#include "cli/text_table.h"
#include "cli/volume_description.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "common/volume_name.h"
#include "luks/image/pack_image.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string directory;
  std::string image;
  std::string volume;  // with --register
  std::string key_file;
  std::string manifest;
  std::string server;
};

// Packs with the passphrase of `request`, which stays the caller's.
Result<image::Manifest> Pack(const Options& options,
                             image::PackRequest& request,
                             const Console& console) {
  ProgressLine progress(console, "packing '" + options.image + "'");
  request.source = options.directory;
  request.image = options.image;
  request.progress = [&progress](std::uint64_t done, std::uint64_t total) {
    progress.Show(done, total);
  };
  return image::PackImage(request).Context("pack '" + options.directory + "'");
}

// A manifest is asked for before anything is made: found out after packing,
// an existing file would leave an image that nobody knows of.
Result<void> CheckManifestIsNew(const std::string& manifest) {
  std::error_code ignored;
  if (!manifest.empty() &&
      std::filesystem::symlink_status(manifest, ignored).type() !=
          std::filesystem::file_type::not_found) {
    return Error(Reason::kAlreadyExists,
                 "manifest '" + manifest + "': File exists");
  }
  return {};
}

Result<void> WriteManifest(const Options& options,
                           const image::Manifest& manifest) {
  if (options.manifest.empty()) {
    return {};
  }
  return WriteNewFile(options.manifest, AsBytes(image::ManifestJson(manifest)),
                      0644)
      .Context("manifest");
}

void PrintResult(const Options& options, const image::Manifest& manifest,
                 std::optional<std::uint32_t> version, const Console& console) {
  const std::string digest = ToHex(manifest.header_sha256);
  if (console.json()) {
    JsonObject object;
    object.String("image", options.image)
        .String("uuid", manifest.uuid)
        .Number("header_size", static_cast<long long>(manifest.header_size))
        .String("header_sha256", digest)
        .String("header_profile", manifest.header_profile)
        .String("file_system", manifest.file_system)
        .Number("image_size", static_cast<long long>(manifest.image_size));
    if (version.has_value()) {
      object.String("volume", options.volume).Number("version", *version);
    }
    console.out << object.Close() << "\n";
    return;
  }
  TextTable table;
  table.Row({"image", options.image})
      .Row({"size", std::to_string(manifest.image_size) + " bytes"})
      .Row({"file system", manifest.file_system})
      .Row({"uuid", manifest.uuid})
      .Row({"header sha-256", digest});
  if (version.has_value()) {
    table.Row({"volume", options.volume + ", version " +
                             std::to_string(*version) + ", registered"});
  }
  console.out << table.Text();
}

Result<void> PackWithKeyFile(const Options& options, const Console& console) {
  image::PackRequest request;
  ASSIGN_OR_RETURN(request.passphrase, ReadKeyFile(options.key_file, console));
  ASSIGN_OR_RETURN(const image::Manifest manifest,
                   Pack(options, request, console));
  RETURN_IF_ERROR(WriteManifest(options, manifest));
  PrintResult(options, manifest, std::nullopt, console);
  return {};
}

// The passphrase is made on the server, so that nobody chooses or types one;
// it lives here only while the image is packed. An image whose registration
// failed opens nowhere and is removed.
Result<void> PackAndRegister(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  image::PackRequest request;
  ASSIGN_OR_RETURN(request.passphrase, server.MakePassphrase());
  ASSIGN_OR_RETURN(const image::Manifest manifest,
                   Pack(options, request, console));
  auto version = server.PutVersion(options.volume, DescribeManifest(manifest),
                                   request.passphrase);
  if (!version.has_value()) {
    std::error_code ignored;
    std::filesystem::remove(options.image, ignored);
    return std::move(version).error();
  }
  RETURN_IF_ERROR(WriteManifest(options, manifest));
  PrintResult(options, manifest, *version, console);
  RemarkMissingPolicy(server, options.volume, console);
  return {};
}

Result<void> VolumePack(const Options& options, const Console& console) {
  if (options.volume.empty() && options.key_file.empty()) {
    return Error(Reason::kUsage, "--register or --key-file is required");
  }
  RETURN_IF_ERROR(CheckManifestIsNew(options.manifest));
  return options.key_file.empty() ? PackAndRegister(options, console)
                                  : PackWithKeyFile(options, console);
}

}  // namespace

void AddVolumePack(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = commands.Add(
      "volume", "pack", "pack a directory into a new encrypted image",
      [options](const Console& console) {
        return VolumePack(*options, console);
      });
  command.add_option("DIR", options->directory, "directory to pack")
      ->required();
  command
      .add_option("IMAGE", options->image, "image to make; never overwritten")
      ->required();
  CLI::Option* const volume = command.add_option(
      "--register", options->volume,
      "volume to register at the key server, which makes the passphrase");
  CLI::Option* const key_file = command.add_option(
      "--key-file", options->key_file,
      "passphrase to use instead, byte for byte, for working offline (make "
      "one: openssl rand -hex 32 | tr -d '\\n')");
  volume->excludes(key_file);
  command.add_option("--manifest", options->manifest,
                     "file to make for 'tdxvfs key put'");
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli
