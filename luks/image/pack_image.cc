// SPDX-License-Identifier: Apache-2.0
#include "luks/image/pack_image.h"

#include <errno.h>
#include <fcntl.h>

#include <utility>

#include "common/sha256.h"
#include "luks/header_profile.h"
#include "luks/image/encrypt_data.h"
#include "luks/image/file_system_image.h"
#include "luks/image/luks2_header.h"
#include "luks/image/pending_file.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kMaxPassphrase = 512;  // bytes, as the key store's
constexpr mode_t kImageMode = 0644;

Result<void> CheckRequest(const PackRequest& request) {
  if (request.file_system != "erofs") {
    return Error(Reason::kNotSupported,
                 "file system '" + request.file_system + "': only erofs");
  }
  if (request.passphrase.empty() ||
      request.passphrase.size() > kMaxPassphrase) {
    return Error(Reason::kUsage, "the passphrase has " +
                                     std::to_string(request.passphrase.size()) +
                                     " bytes, allowed are 1 to 512");
  }
  return {};
}

// A full disk is found before the work, where the file system can say so.
Result<void> Reserve(const PendingFile& file, std::uint64_t size) {
  if (::fallocate(file.descriptor(), 0, 0, static_cast<off_t>(size)) != 0 &&
      errno != EOPNOTSUPP && errno != EINTR) {
    return SystemError(ReasonOfWrite(errno), "'" + file.path().string() + "'",
                       errno);
  }
  return {};
}

Result<Manifest> Describe(const NewHeader& header,
                          const FileSystemImage& file_system) {
  Manifest manifest;
  manifest.uuid = header.uuid;
  manifest.header_size = header.bytes.size();
  ASSIGN_OR_RETURN(manifest.header_sha256, Sha256(header.bytes));
  manifest.header_profile = luks::kSealedProfile;
  manifest.file_system = "erofs";
  manifest.mount_options = {"ro"};
  manifest.data_size = file_system.size;
  manifest.image_size = manifest.header_size + manifest.data_size;
  return manifest;
}

}  // namespace

Result<Manifest> PackImage(const PackRequest& request) {
  RETURN_IF_ERROR(CheckRequest(request));
  ASSIGN_OR_RETURN(PendingFile output,
                   PendingFile::Create(request.image, kImageMode));
  ASSIGN_OR_RETURN(const Secret volume_key, Secret::Random(kVolumeKeySize));
  ASSIGN_OR_RETURN(
      const NewHeader header,
      MakeLuks2Header(request.passphrase, volume_key, request.uuid));
  ASSIGN_OR_RETURN(const FileSystemImage file_system,
                   ErofsTool().Build(request.source, header.uuid));
  ASSIGN_OR_RETURN(Manifest manifest, Describe(header, file_system));
  RETURN_IF_ERROR(Reserve(output, manifest.image_size));
  RETURN_IF_ERROR(WriteAll(output.descriptor(), 0, header.bytes));
  RETURN_IF_ERROR(EncryptData({.source = file_system.content.get(),
                               .target = output.descriptor(),
                               .target_offset = manifest.header_size,
                               .size = manifest.data_size,
                               .sector_size = kCryptSectorSize},
                              volume_key, request.progress));
  RETURN_IF_ERROR(output.Commit());
  return manifest;
}

}  // namespace tdxvfs::image
