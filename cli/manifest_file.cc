// SPDX-License-Identifier: Apache-2.0
#include "cli/manifest_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <span>
#include <utility>

#include "common/file.h"
#include "common/hex.h"
#include "luks/image/manifest_signature.h"

namespace tdxvfs::cli {
namespace {

constexpr mode_t kMode = 0644;

// More than a manifest has, so that a full disk is found out as well.
constexpr off_t kRoom = 4096;  // bytes

Error WriteError(const image::PendingFile& file, int error_number) {
  return SystemError(image::ReasonOfWrite(error_number),
                     "'" + file.path().string() + "'", error_number);
}

Result<image::PendingFile> NewFile(const std::string& path) {
  ASSIGN_OR_RETURN(image::PendingFile file,
                   image::PendingFile::Create(path, kMode));
  // For others to read, whatever the umask.
  if (::fchmod(file.descriptor(), kMode) != 0) {
    return WriteError(file, errno);
  }
  if (const int code = ::posix_fallocate(file.descriptor(), 0, kRoom);
      code != 0) {
    return WriteError(file, code);
  }
  return file;
}

Result<void> Fill(image::PendingFile* file,
                  std::span<const std::uint8_t> bytes) {
  RETURN_IF_ERROR(image::WriteAll(file->descriptor(), 0, bytes)
                      .Context("'" + file->path().string() + "'"));
  if (::ftruncate(file->descriptor(), static_cast<off_t>(bytes.size())) != 0) {
    return WriteError(*file, errno);
  }
  return file->Commit();
}

}  // namespace

std::string SignaturePath(const std::string& manifest) {
  return manifest + std::string(image::kSignatureSuffix);
}

Result<ManifestFile> ManifestFile::Plan(const std::string& path,
                                        const std::string& signing_key) {
  ManifestFile file;
  if (!path.empty()) {
    ASSIGN_OR_RETURN(image::PendingFile manifest,
                     NewFile(path).Context("manifest"));
    file.manifest_.emplace(std::move(manifest));
  }
  if (signing_key.empty()) {
    return file;
  }
  if (path.empty()) {
    return Error(Reason::kUsage, "--sign needs a manifest to sign");
  }
  ASSIGN_OR_RETURN(
      const Secret pem,
      ReadSecretFile(signing_key, image::kMaxKeyFile).Context("signing key"));
  ASSIGN_OR_RETURN(file.signing_key_, image::ParseSigningKey(pem).Context(
                                          "'" + signing_key + "'"));
  ASSIGN_OR_RETURN(
      image::PendingFile signature,
      NewFile(SignaturePath(path)).Context("signature of the manifest"));
  file.signature_.emplace(std::move(signature));
  return file;
}

Result<void> ManifestFile::Write(const image::Manifest& manifest) {
  if (!manifest_.has_value()) {
    return {};
  }
  const std::string json = image::ManifestJson(manifest);
  if (!signature_.has_value()) {
    return Fill(&*manifest_, AsBytes(json)).Context("manifest");
  }
  ASSIGN_OR_RETURN(const image::ManifestSignature signature,
                   image::SignManifest(json, signing_key_));
  // The signature first: a manifest is never there without the one it was to
  // have.
  RETURN_IF_ERROR(
      Fill(&*signature_, signature).Context("signature of the manifest"));
  auto filled = Fill(&*manifest_, AsBytes(json)).Context("manifest");
  if (!filled.has_value()) {
    (void)::unlink(signature_->path().c_str());
  }
  return filled;
}

void ManifestFile::Remove() const {
  for (const auto& file : {std::cref(manifest_), std::cref(signature_)}) {
    if (file.get().has_value()) {
      (void)::unlink(file.get()->path().c_str());
    }
  }
}

}  // namespace tdxvfs::cli
