// SPDX-License-Identifier: Apache-2.0
#include "luks/image/seal_image.h"

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>

#include "common/sha256.h"
#include "luks/header_profile.h"
#include "luks/image/luks2_header.h"
#include "luks/image/pending_file.h"
#include "luks/image/sealed_sink.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kMaxPassphrase = 512;  // bytes, as the key store's

Result<void> CheckPassphrase(const Secret& passphrase) {
  if (passphrase.empty() || passphrase.size() > kMaxPassphrase) {
    return Error(Reason::kUsage, "the passphrase has " +
                                     std::to_string(passphrase.size()) +
                                     " bytes, allowed are 1 to 512");
  }
  return {};
}

Result<Manifest> DescribeSealed(const NewHeader& header,
                                const std::string& file_system) {
  Manifest manifest;
  manifest.uuid = header.uuid;
  manifest.header_size = header.bytes.size();
  ASSIGN_OR_RETURN(manifest.header_sha256, Sha256(header.bytes));
  manifest.header_profile = luks::kSealedProfile;
  manifest.file_system = file_system;
  manifest.mount_options = {"ro"};
  if (file_system == "ext4") {
    // Replaying a journal would write, and trust what it writes.
    manifest.mount_options.emplace_back("noload");
  }
  return manifest;
}

}  // namespace

Result<Manifest> SealImage(
    const SealRequest& request,
    const std::function<Result<void>(ImageSink*)>& write) {
  RETURN_IF_ERROR(CheckPassphrase(*request.passphrase));
  ASSIGN_OR_RETURN(PendingFile output,
                   PendingFile::Create(request.image, kImageMode));
  ASSIGN_OR_RETURN(const Secret volume_key, Secret::Random(kVolumeKeySize));
  ASSIGN_OR_RETURN(
      const NewHeader header,
      MakeLuks2Header(*request.passphrase, volume_key, request.uuid));
  ASSIGN_OR_RETURN(Manifest manifest,
                   DescribeSealed(header, request.file_system));
  ASSIGN_OR_RETURN(
      const std::unique_ptr<SealedSink> sink,
      SealedSink::Create({.descriptor = output.descriptor(),
                          .offset = manifest.header_size,
                          .name = output.path().string()},
                         volume_key, request.salt, FolderOf(request.image)));
  RETURN_IF_ERROR(write(sink.get()));
  ASSIGN_OR_RETURN(manifest.verity, sink->Finish());
  manifest.data_size = sink->size();
  manifest.image_size = manifest.header_size + manifest.data_size;
  RETURN_IF_ERROR(WriteAll(output.descriptor(), 0, header.bytes)
                      .Context("'" + output.path().string() + "'"));
  RETURN_IF_ERROR(output.Commit());
  return manifest;
}

}  // namespace tdxvfs::image
