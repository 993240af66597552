// SPDX-License-Identifier: Apache-2.0
#include "cli/manifest_file.h"

#include <filesystem>
#include <utility>

#include "common/file.h"
#include "common/hex.h"
#include "luks/image/manifest_signature.h"

namespace tdxvfs::cli {
namespace {

constexpr mode_t kMode = 0644;

std::string SignaturePath(const std::string& manifest) {
  return manifest + std::string(image::kSignatureSuffix);
}

// A manifest is asked for before anything is made: found out after packing,
// an existing file would leave an image that nobody knows of.
Result<void> CheckIsNew(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::symlink_status(path, ignored).type() !=
      std::filesystem::file_type::not_found) {
    return Error(Reason::kAlreadyExists,
                 "manifest '" + path + "': File exists");
  }
  return {};
}

}  // namespace

Result<ManifestFile> ManifestFile::Plan(const std::string& path,
                                        const std::string& signing_key) {
  ManifestFile file;
  file.path_ = path;
  if (!path.empty()) {
    RETURN_IF_ERROR(CheckIsNew(path));
  }
  if (signing_key.empty()) {
    return file;
  }
  if (path.empty()) {
    return Error(Reason::kUsage, "--sign needs a manifest to sign");
  }
  RETURN_IF_ERROR(CheckIsNew(SignaturePath(path)));
  ASSIGN_OR_RETURN(
      const Secret pem,
      ReadSecretFile(signing_key, image::kMaxKeyFile).Context("signing key"));
  ASSIGN_OR_RETURN(file.signing_key_, image::ParseSigningKey(pem).Context(
                                          "'" + signing_key + "'"));
  return file;
}

Result<void> ManifestFile::Write(const image::Manifest& manifest) const {
  if (path_.empty()) {
    return {};
  }
  const std::string json = image::ManifestJson(manifest);
  RETURN_IF_ERROR(
      WriteNewFile(path_, AsBytes(json), kMode).Context("manifest"));
  if (signing_key_ == nullptr) {
    return {};
  }
  ASSIGN_OR_RETURN(const image::ManifestSignature signature,
                   image::SignManifest(json, signing_key_));
  return WriteNewFile(SignaturePath(path_), signature, kMode)
      .Context("signature of the manifest");
}

}  // namespace tdxvfs::cli
