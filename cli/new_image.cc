// SPDX-License-Identifier: Apache-2.0
#include "cli/new_image.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "cli/admin_client.h"
#include "cli/register_version.h"
#include "cli/text_table.h"
#include "cli/volume_description.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {

// Asked for before anything is made: found out afterwards, an existing file
// would leave an image that nobody knows of.
Result<void> CheckNewImage(const NewImage& target) {
  if (target.volume.empty() && target.key_file.empty()) {
    return Error(Reason::kUsage,
                 "--register or a file with the new passphrase is required");
  }
  std::error_code ignored;
  if (!target.manifest.empty() &&
      std::filesystem::symlink_status(target.manifest, ignored).type() !=
          std::filesystem::file_type::not_found) {
    return Error(Reason::kAlreadyExists,
                 "manifest '" + target.manifest + "': File exists");
  }
  return {};
}

Result<void> WriteManifest(const NewImage& target,
                           const image::Manifest& manifest) {
  if (target.manifest.empty()) {
    return {};
  }
  return WriteNewFile(target.manifest, AsBytes(image::ManifestJson(manifest)),
                      0644)
      .Context("manifest");
}

void PrintNewImage(const NewImage& target, const image::Manifest& manifest,
                   std::optional<std::uint32_t> version,
                   const Console& console) {
  const std::string digest = ToHex(manifest.header_sha256);
  const std::string root_hash = manifest.verity.has_value()
                                    ? ToHex(manifest.verity->root_hash)
                                    : std::string();
  if (console.json()) {
    JsonObject object;
    object.String("image", target.image)
        .String("uuid", manifest.uuid)
        .Number("header_size", static_cast<long long>(manifest.header_size))
        .String("header_sha256", digest)
        .String("header_profile", manifest.header_profile)
        .String("file_system", manifest.file_system)
        .Number("image_size", static_cast<long long>(manifest.image_size));
    if (!root_hash.empty()) {
      object.String("root_hash", root_hash);
    }
    if (version.has_value()) {
      object.String("volume", target.volume).Number("version", *version);
    }
    console.out << object.Close() << "\n";
    return;
  }
  TextTable table;
  table.Row({"image", target.image})
      .Row({"size", std::to_string(manifest.image_size) + " bytes"})
      .Row({"file system", manifest.file_system})
      .Row({"uuid", manifest.uuid})
      .Row({"profile", manifest.header_profile})
      .Row({"header sha-256", digest});
  if (!root_hash.empty()) {
    table.Row({"root hash", root_hash});
  }
  if (version.has_value()) {
    table.Row({"volume", target.volume + ", version " +
                             std::to_string(*version) + ", registered"});
  }
  console.out << table.Text();
}

namespace {

using Make = std::function<Result<image::Manifest>(const Secret& passphrase)>;

Result<void> MakeWithKeyFile(const NewImage& target, const Make& make,
                             const Console& console) {
  ASSIGN_OR_RETURN(const Secret passphrase,
                   ReadKeyFile(target.key_file, console));
  ASSIGN_OR_RETURN(const image::Manifest manifest, make(passphrase));
  RETURN_IF_ERROR(WriteManifest(target, manifest));
  PrintNewImage(target, manifest, std::nullopt, console);
  return {};
}

Result<void> MakeAndRegister(const NewImage& target, const Make& make,
                             const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(target.volume));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(target.server));
  ASSIGN_OR_RETURN(const Secret passphrase, server.MakePassphrase());
  ASSIGN_OR_RETURN(const image::Manifest manifest, make(passphrase));
  auto version =
      server.PutVersion(target.volume, DescribeManifest(manifest), passphrase);
  if (!version.has_value()) {
    std::error_code ignored;
    std::filesystem::remove(target.image, ignored);
    return std::move(version).error();
  }
  RETURN_IF_ERROR(WriteManifest(target, manifest));
  PrintNewImage(target, manifest, *version, console);
  RemarkMissingPolicy(server, target.volume, console);
  return {};
}

}  // namespace

void AddNewImage(CLI::App& command, NewImage& target,
                 const std::string& key_file_option,
                 const std::string& manifest_option) {
  CLI::Option* const volume = command.add_option(
      "--register", target.volume,
      "volume to register at the key server, which makes the passphrase");
  CLI::Option* const key_file = command.add_option(
      key_file_option, target.key_file,
      "passphrase to use instead, byte for byte, for working offline");
  volume->excludes(key_file);
  command.add_option(manifest_option, target.manifest,
                     "file to make for 'tdxvfs key put'");
  AddServerOption(command, target.server);
}

Result<void> MakeNewImage(const NewImage& target, const Make& make,
                          const Console& console) {
  RETURN_IF_ERROR(CheckNewImage(target));
  return target.key_file.empty() ? MakeAndRegister(target, make, console)
                                 : MakeWithKeyFile(target, make, console);
}

}  // namespace tdxvfs::cli
