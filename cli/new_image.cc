// SPDX-License-Identifier: Apache-2.0
#include "cli/new_image.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "cli/admin_client.h"
#include "cli/command_set.h"
#include "cli/register_version.h"
#include "cli/text_table.h"
#include "cli/volume_description.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {
namespace {

using Make = std::function<Result<image::Manifest>(const Secret& passphrase)>;

// Of files that need not exist yet.
bool IsSameFile(const std::filesystem::path& one,
                const std::filesystem::path& other) {
  namespace fs = std::filesystem;
  std::error_code problem;
  // Made absolute first: of a bare name that is not there yet it stays bare.
  const auto first = fs::weakly_canonical(fs::absolute(one), problem);
  return !problem &&
         first == fs::weakly_canonical(fs::absolute(other), problem) &&
         !problem;
}

void PrintJson(const NewImage& target, const image::Manifest& manifest,
               std::optional<std::uint32_t> version, const Console& console) {
  JsonObject object;
  object.String("image", target.image)
      .String("uuid", manifest.uuid)
      .Number("header_size", static_cast<long long>(manifest.header_size))
      .String("header_sha256", ToHex(manifest.header_sha256))
      .String("header_profile", manifest.header_profile)
      .String("file_system", manifest.file_system)
      .Number("image_size", static_cast<long long>(manifest.image_size));
  if (manifest.verity.has_value()) {
    object.String("verity_root_hash", ToHex(manifest.verity->root_hash));
  } else {
    object.Null("verity_root_hash");
  }
  if (version.has_value()) {
    object.String("volume", target.volume).Number("version", *version);
  }
  console.out << object.Close() << "\n";
}

bool Exists(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(
      std::filesystem::symlink_status(path, ignored));
}

// A run that is killed between its last steps leaves an image without what
// belongs to it, and that nobody can make again from the image. Whoever runs
// the command again is to know it from one that is worth keeping.
Result<void> CheckNoRemains(const NewImage& target) {
  if (!Exists(target.image)) {
    return {};
  }
  const std::string found = "'" + target.image + "' exists";
  if (!target.volume.empty()) {
    return Error(Reason::kAlreadyExists,
                 found +
                     "; if a run left it that was stopped before it was "
                     "registered, it opens nowhere: remove it when "
                     "'tdxvfs key list " +
                     target.volume +
                     "' does not show its UUID ('tdxvfs volume inspect')");
  }
  if (target.manifest.empty() || Exists(target.manifest)) {
    return {};
  }
  const std::string signature = SignaturePath(target.manifest);
  return Error(Reason::kAlreadyExists,
               found + ", but not its manifest '" + target.manifest +
                   "'; if a run left it that was stopped between the two, "
                   "remove '" +
                   target.image + "'" +
                   (Exists(signature) ? " and '" + signature + "'" : "") +
                   " and run this again");
}

void RemoveImage(const NewImage& target) {
  std::error_code ignored;
  std::filesystem::remove(target.image, ignored);
}

Result<void> MakeWithKeyFile(const NewImage& target, const Make& make,
                             ManifestFile* manifest_file,
                             const Console& console) {
  ASSIGN_OR_RETURN(const Secret passphrase,
                   ReadKeyFile(target.key_file, console));
  ASSIGN_OR_RETURN(const image::Manifest manifest, make(passphrase));
  if (auto written = manifest_file->Write(manifest); !written.has_value()) {
    // Nobody would know its root hash.
    RemoveImage(target);
    return std::move(written).error();
  }
  PrintNewImage(target, manifest, std::nullopt, console);
  return {};
}

// The passphrase is made on the server, so that nobody chooses or types one;
// it lives here only while the image is made.
Result<void> MakeAndRegister(const NewImage& target, const Make& make,
                             ManifestFile* manifest_file,
                             const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(target.volume));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(target.server));
  ASSIGN_OR_RETURN(const Secret passphrase, server.MakePassphrase());
  ASSIGN_OR_RETURN(const image::Manifest manifest, make(passphrase));
  auto version =
      server.PutVersion(target.volume, DescribeManifest(manifest), passphrase);
  if (!version.has_value()) {
    RemoveImage(target);
    return std::move(version).error();
  }
  RETURN_IF_ERROR(manifest_file->Write(manifest));
  PrintNewImage(target, manifest, *version, console);
  RemarkMissingPolicy(server, target.volume, console);
  return {};
}

}  // namespace

void AddNewImage(Command command, NewImage& target,
                 const std::string& key_file_option,
                 const std::string& manifest_option) {
  target.key_file_option = key_file_option;
  command.AddOption(
      "--register", target.volume,
      "volume to register at the key server, which makes the passphrase");
  command
      .AddOption(
          key_file_option, target.key_file,
          "passphrase to use instead, byte for byte, for working offline (make "
          "one: openssl rand -hex 32 | tr -d '\\n')")
      .Excludes("--register");
  command.AddOption(manifest_option, target.manifest,
                    "file to make for 'tdxvfs key put'");
  command.AddOption("--sign", target.signing_key,
                    "Ed25519 key in PEM that signs the manifest, into "
                    "MANIFEST.sig");
  AddServerOption(command, target.server);
}

Result<ManifestFile> PlanNewImage(const NewImage& target) {
  if (target.volume.empty() && target.key_file.empty()) {
    return Error(Reason::kUsage,
                 "--register or " + target.key_file_option + " is required");
  }
  if (!target.manifest.empty() && IsSameFile(target.manifest, target.image)) {
    return Error(Reason::kUsage,
                 "the manifest and the image cannot be the same file '" +
                     target.image + "'");
  }
  if (!target.signing_key.empty() &&
      IsSameFile(SignaturePath(target.manifest), target.image)) {
    return Error(Reason::kUsage,
                 "the manifest's signature and the image cannot be the same "
                 "file '" +
                     target.image + "'");
  }
  return ManifestFile::Plan(target.manifest, target.signing_key);
}

void PrintNewImage(const NewImage& target, const image::Manifest& manifest,
                   std::optional<std::uint32_t> version,
                   const Console& console) {
  if (console.json()) {
    PrintJson(target, manifest, version, console);
    return;
  }
  TextTable table;
  table.Row({"image", target.image})
      .Row({"size", std::to_string(manifest.image_size) + " bytes"})
      .Row({"file system", manifest.file_system})
      .Row({"uuid", manifest.uuid})
      .Row({"header sha-256", ToHex(manifest.header_sha256)});
  if (manifest.verity.has_value()) {
    table.Row({"verity root hash", ToHex(manifest.verity->root_hash)});
  }
  if (version.has_value()) {
    table.Row({"volume", target.volume + ", version " +
                             std::to_string(*version) + ", registered"});
  }
  console.out << table.Text();
  RemarkProfile(DescribeManifest(manifest), console);
}

Result<void> MakeNewImage(const NewImage& target, const Make& make,
                          const Console& console) {
  RETURN_IF_ERROR(CheckNoRemains(target));
  ASSIGN_OR_RETURN(ManifestFile manifest, PlanNewImage(target));
  return target.key_file.empty()
             ? MakeAndRegister(target, make, &manifest, console)
             : MakeWithKeyFile(target, make, &manifest, console);
}

}  // namespace tdxvfs::cli
