// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/manifest_file.h"
#include "cli/progress_line.h"
#include "cli/register_version.h"
#include "cli/text_table.h"
#include "cli/volume_description.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "common/volume_name.h"
#include "luks/image/pack_image.h"

namespace tdxvfs::cli {
namespace {

constexpr std::string_view kStandardInput = "-";

struct Options {
  std::string directory;
  std::string image;
  std::string volume;  // with --register
  std::string key_file;
  std::string manifest;
  std::string signing_key;
  std::string file_system = "erofs";
  std::string salt = "fixed";
  std::string server;
};

// Packs with the passphrase of `request`, which stays the caller's.
Result<image::Manifest> Pack(const Options& options,
                             image::PackRequest& request,
                             const Console& console) {
  ProgressLine progress(console, "packing '" + options.image + "'");
  if (options.directory == kStandardInput) {
    request.tar_stream = STDIN_FILENO;
  } else {
    request.source = options.directory;
  }
  request.image = options.image;
  request.file_system = options.file_system;
  request.random_salt = options.salt == "random";
  request.progress = [&progress](std::uint64_t done, std::uint64_t total) {
    progress.Show(done, total);
  };
  return image::PackImage(request).Context(
      request.tar_stream.has_value() ? "pack the tar stream"
                                     : "pack '" + options.directory + "'");
}

void PrintResult(const Options& options, const image::Manifest& manifest,
                 std::optional<std::uint32_t> version, const Console& console) {
  const std::string digest = ToHex(manifest.header_sha256);
  const std::string root_hash =
      manifest.verity.has_value() ? ToHex(manifest.verity->root_hash) : "";
  if (console.json()) {
    JsonObject object;
    object.String("image", options.image)
        .String("uuid", manifest.uuid)
        .Number("header_size", static_cast<long long>(manifest.header_size))
        .String("header_sha256", digest)
        .String("header_profile", manifest.header_profile)
        .String("file_system", manifest.file_system)
        .Number("image_size", static_cast<long long>(manifest.image_size))
        .String("verity_root_hash", root_hash);
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
      .Row({"header sha-256", digest})
      .Row({"verity root hash", root_hash});
  if (version.has_value()) {
    table.Row({"volume", options.volume + ", version " +
                             std::to_string(*version) + ", registered"});
  }
  console.out << table.Text();
}

Result<void> PackWithKeyFile(const Options& options,
                             const ManifestFile& manifest_file,
                             const Console& console) {
  image::PackRequest request;
  ASSIGN_OR_RETURN(request.passphrase, ReadKeyFile(options.key_file, console));
  ASSIGN_OR_RETURN(const image::Manifest manifest,
                   Pack(options, request, console));
  RETURN_IF_ERROR(manifest_file.Write(manifest));
  PrintResult(options, manifest, std::nullopt, console);
  return {};
}

// The passphrase is made on the server, so that nobody chooses or types one;
// it lives here only while the image is packed. An image whose registration
// failed opens nowhere and is removed.
Result<void> PackAndRegister(const Options& options,
                             const ManifestFile& manifest_file,
                             const Console& console) {
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
  RETURN_IF_ERROR(manifest_file.Write(manifest));
  PrintResult(options, manifest, *version, console);
  RemarkMissingPolicy(server, options.volume, console);
  return {};
}

// Standard input is the tar stream and nothing besides.
Result<void> CheckStandardInput(const Options& options) {
  if (options.key_file == kStandardInput ||
      options.signing_key == kStandardInput) {
    return Error(Reason::kUsage,
                 "standard input is the tar stream, so no key can be there");
  }
  if (::isatty(STDIN_FILENO) == 1) {
    return Error(Reason::kUsage,
                 "standard input is a terminal, not a tar stream");
  }
  return {};
}

Result<void> VolumePack(const Options& options, const Console& console) {
  if (options.volume.empty() && options.key_file.empty()) {
    return Error(Reason::kUsage, "--register or --key-file is required");
  }
  if (options.directory == kStandardInput) {
    RETURN_IF_ERROR(CheckStandardInput(options));
  }
  ASSIGN_OR_RETURN(const ManifestFile manifest,
                   ManifestFile::Plan(options.manifest, options.signing_key));
  return options.key_file.empty() ? PackAndRegister(options, manifest, console)
                                  : PackWithKeyFile(options, manifest, console);
}

}  // namespace

void AddVolumePack(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = commands.Add(
      "volume", "pack", "pack a directory into a new encrypted image",
      [options](const Console& console) {
        return VolumePack(*options, console);
      });
  command
      .add_option("DIR", options->directory,
                  "directory to pack; - reads a tar stream")
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
  command.add_option("--sign", options->signing_key,
                     "Ed25519 key in PEM that signs the manifest, into "
                     "MANIFEST.sig");
  command.add_option("--file-system", options->file_system,
                     "file system to make: erofs, squashfs (compressed) or "
                     "ext4 (a directory only; needs disk in the clear)");
  command
      .add_option("--salt", options->salt,
                  "verity salt: 'fixed', so that one tree has one root hash, "
                  "or 'random'")
      ->check(CLI::IsMember({"fixed", "random"}));
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli
