// SPDX-License-Identifier: Apache-2.0
#include "cli/in_place_remains.h"

#include <filesystem>
#include <optional>
#include <system_error>

#include "cli/manifest_file.h"
#include "cli/volume_description.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/sha256.h"
#include "luks/header.h"
#include "luks/header_profile.h"
#include "luks/image/manifest_signature.h"
#include "luks/inspect.h"

namespace tdxvfs::cli {
namespace {

namespace fs = std::filesystem;

bool IsThere(const std::string& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

// A manifest that an import in place may have written.
std::optional<VolumeDescription> DescribeImported(const std::string& manifest) {
  auto described = DescribeManifestFile(manifest);
  if (!described.has_value() ||
      described->header_profile != luks::kImportedProfile) {
    return std::nullopt;
  }
  return *std::move(described);
}

// Whether the volume has the header that was to be exchanged: then nothing was.
bool IsUnchanged(const luks::HeaderDescription& header,
                 const std::string& header_backup) {
  const auto backup = ReadFile(header_backup, luks::kMaxHeaderSize);
  if (!backup.has_value() || backup->size() != header.size) {
    return false;
  }
  const auto digest = Sha256(AsBytes(*backup));
  return digest.has_value() && *digest == header.sha256;
}

bool IsSignature(const std::string& path) {
  std::error_code problem;
  const auto size = fs::file_size(path, problem);
  return !problem && size == sizeof(image::ManifestSignature);
}

void TakeAway(const std::string& path, const Console& console) {
  std::error_code ignored;
  if (fs::remove(path, ignored)) {
    console.err << "tdxvfs: note: removed '" << OneLine(path)
                << "', which an import left that was stopped before it changed "
                   "the volume\n";
  }
}

}  // namespace

Result<void> TakeAwayRemains(const InPlaceFiles& files,
                             const Console& console) {
  const std::string signature = SignaturePath(files.manifest);
  if (files.manifest.empty() ||
      (!IsThere(files.manifest) && !IsThere(signature))) {
    return {};
  }
  const auto volume = luks::InspectImage(files.volume);
  if (!volume.has_value() || !volume->header.has_value()) {
    return {};
  }
  const auto described = DescribeImported(files.manifest);
  if (described.has_value() &&
      described->header_sha256 == volume->header->sha256) {
    return Error(Reason::kAlreadyExists,
                 "'" + files.volume +
                     "' is imported already: its header is that of the "
                     "manifest '" +
                     files.manifest + "'");
  }
  if (!IsUnchanged(*volume->header, files.header_backup)) {
    return {};
  }
  if (described.has_value() && described->uuid == volume->header->uuid) {
    TakeAway(files.manifest, console);
  }
  // It is written before its manifest.
  if (!IsThere(files.manifest) && IsSignature(signature)) {
    TakeAway(signature, console);
  }
  return {};
}

void RemarkStrayVersions(AdminClient& server, const std::string& volume,
                         const image::InPlaceImport& prepared,
                         const Console& console) {
  const auto versions = server.ListVersions(volume);
  const auto header = Sha256(prepared.old_header);
  if (!versions.has_value() || !header.has_value()) {
    return;
  }
  for (const VersionInfo& version : *versions) {
    const bool is_live = version.damaged.empty() && !version.retired &&
                         version.delete_after.empty();
    if (is_live && version.description.uuid == prepared.manifest.uuid &&
        version.description.header_sha256 != *header) {
      console.err << "tdxvfs: note: version " << version.version << " of '"
                  << volume
                  << "' has this volume's UUID, but not its header: unless it "
                     "is that of a copy, an import left it that was stopped "
                     "before it changed the volume, and it opens nowhere "
                     "('tdxvfs key retire "
                  << volume << " " << version.version << "')\n";
    }
  }
}

}  // namespace tdxvfs::cli
