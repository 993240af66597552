// SPDX-License-Identifier: Apache-2.0
#include "cli/volume_access.h"

#include <utility>

#include "cli/register_version.h"
#include "common/file.h"
#include "common/hex.h"
#include "luks/image/claimed_contents.h"
#include "luks/image/manifest_signature.h"

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kMaxManifestSize = std::size_t{64} * 1024;  // bytes

std::string Named(const VolumeAccess& access) {
  return "manifest '" + access.manifest + "'";
}

Result<void> CheckSignature(const VolumeAccess& access,
                            const std::string& manifest) {
  ASSIGN_OR_RETURN(const std::string pem,
                   ReadFile(access.verify_key, image::kMaxKeyFile));
  ASSIGN_OR_RETURN(const EvpPkeyPtr key, image::ParseVerifyKey(pem).Context(
                                             "'" + access.verify_key + "'"));
  const std::string path =
      access.manifest + std::string(image::kSignatureSuffix);
  ASSIGN_OR_RETURN(const std::string signature,
                   ReadFile(path, image::kMaxKeyFile));
  return image::VerifyManifest(manifest, AsBytes(signature), key);
}

}  // namespace

void AddVolumeAccess(Command command, VolumeAccess& access) {
  command.AddOption("IMAGE", access.image, "file or block device").Required();
  command
      .AddOption("--manifest", access.manifest,
                 "what 'volume pack' wrote about the image")
      .Required();
  command.AddOption("--key-file", access.key_file,
                    "the image's passphrase, byte for byte");
  command.AddOption("--verify-key", access.verify_key,
                    "Ed25519 public key that must have signed the manifest "
                    "(its signature is MANIFEST.sig)");
}

Result<image::Manifest> ReadManifest(const VolumeAccess& access) {
  ASSIGN_OR_RETURN(const std::string text,
                   ReadFile(access.manifest, kMaxManifestSize));
  const std::string name = Named(access);
  if (!access.verify_key.empty()) {
    RETURN_IF_ERROR(CheckSignature(access, text).Context(name));
  }
  return image::ParseManifest(text).Context(name);
}

Result<image::Manifest> ReadMountedManifest(const VolumeAccess& access) {
  ASSIGN_OR_RETURN(image::Manifest manifest, ReadManifest(access));
  RETURN_IF_ERROR(image::CheckMountMembers(manifest).Context(Named(access)));
  return manifest;
}

Result<void> CheckHeldFileSystem(const VolumeAccess& access,
                                 const image::Manifest& manifest,
                                 const image::SealedImage& image) {
  auto held = image::CheckFileSystem(image, manifest);
  if (held.has_value() || held.error().reason() == Reason::kImageCorrupt) {
    return {};
  }
  return held.error().reason() == Reason::kFileInvalid
             ? std::move(held).Context(Named(access))
             : std::move(held);
}

Result<image::SealedImage> OpenVolumeImage(const VolumeAccess& access,
                                           const image::Manifest& manifest,
                                           const Console& console) {
  if (access.key_file.empty()) {
    return Error(
        Reason::kUsage,
        "--key-file is required; a passphrase that the key server made "
        "with --register goes to attested guests alone, see WHO CAN "
        "READ A VOLUME in tdxvfs(1)");
  }
  ASSIGN_OR_RETURN(const Secret passphrase,
                   ReadKeyFile(access.key_file, console));
  return image::SealedImage::Open(access.image, manifest, passphrase);
}

Result<image::SealedTree> OpenVolumeTree(const VolumeAccess& access,
                                         const image::Manifest& manifest,
                                         const Console& console) {
  ASSIGN_OR_RETURN(image::SealedImage image,
                   OpenVolumeImage(access, manifest, console));
  // A reader of another file system would only find it damaged.
  RETURN_IF_ERROR(CheckHeldFileSystem(access, manifest, image));
  return image::SealedTree::Open(std::move(image), manifest.file_system);
}

}  // namespace tdxvfs::cli
