// SPDX-License-Identifier: Apache-2.0
#include "luks/image/pack_image.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/rand.h>

#include "common/openssl_error.h"
#include "common/sha256.h"
#include "luks/header_profile.h"
#include "luks/image/erofs_image.h"
#include "luks/image/ext4_image.h"
#include "luks/image/file_system_writer.h"
#include "luks/image/luks2_header.h"
#include "luks/image/pending_file.h"
#include "luks/image/sealed_sink.h"
#include "luks/image/source_tree.h"
#include "luks/image/squashfs_image.h"
#include "luks/image/tar_image.h"
#include "luks/image/tree_image.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kMaxPassphrase = 512;  // bytes, as the key store's
constexpr mode_t kImageMode = 0644;
constexpr std::string_view kErofs = "erofs";
constexpr std::string_view kSquashfs = "squashfs";
constexpr std::string_view kExt4 = "ext4";

Result<void> CheckRequest(const PackRequest& request) {
  if (request.file_system != kErofs && request.file_system != kSquashfs &&
      request.file_system != kExt4) {
    return Error(Reason::kNotSupported,
                 "file system '" + request.file_system +
                     "': choose erofs, squashfs or ext4");
  }
  if (request.file_system == kExt4 && request.tar_stream.has_value()) {
    return Error(Reason::kNotSupported,
                 "ext4 is made of a folder, not of a tar stream: unpack it, or "
                 "choose erofs or squashfs");
  }
  if (request.passphrase.empty() ||
      request.passphrase.size() > kMaxPassphrase) {
    return Error(Reason::kUsage, "the passphrase has " +
                                     std::to_string(request.passphrase.size()) +
                                     " bytes, allowed are 1 to 512");
  }
  return {};
}

Result<std::vector<std::uint8_t>> Salt(const PackRequest& request) {
  std::vector<std::uint8_t> salt(kVeritySaltSize, 0);
  if (request.random_salt &&
      RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1) {
    return OpensslError(Reason::kInternal, "random salt");
  }
  return salt;
}

Result<std::unique_ptr<FileSystemWriter>> NewWriter(
    const std::string& file_system, ImageSink* sink) {
  if (file_system == kSquashfs) {
    ASSIGN_OR_RETURN(std::unique_ptr<FileSystemWriter> writer,
                     SquashfsWriter::Create(sink));
    return writer;
  }
  return std::unique_ptr<FileSystemWriter>(std::make_unique<ErofsWriter>(sink));
}

Result<void> WriteFileSystem(const PackRequest& request, ImageSink* sink) {
  if (request.file_system == kExt4) {
    return WriteExt4(request.source, FolderOf(request.image), sink,
                     request.progress);
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<FileSystemWriter> writer,
                   NewWriter(request.file_system, sink));
  if (request.tar_stream.has_value()) {
    return WriteTar(*request.tar_stream, writer.get(),
                    [&request](std::uint64_t done) {
                      if (request.progress) {
                        request.progress(done, 0);
                      }
                    });
  }
  ASSIGN_OR_RETURN(const SourceTree tree, ScanSource(request.source));
  return WriteTree(tree, writer.get(), request.progress);
}

// Everything behind the header.
Result<void> WriteSegment(const PackRequest& request, const Secret& volume_key,
                          const PendingFile& output, Manifest* manifest) {
  ASSIGN_OR_RETURN(std::vector<std::uint8_t> salt, Salt(request));
  ASSIGN_OR_RETURN(
      const std::unique_ptr<SealedSink> sink,
      SealedSink::Create({.descriptor = output.descriptor(),
                          .offset = manifest->header_size,
                          .name = output.path().string()},
                         volume_key, std::move(salt), FolderOf(request.image)));
  RETURN_IF_ERROR(WriteFileSystem(request, sink.get()));
  ASSIGN_OR_RETURN(manifest->verity, sink->Finish());
  manifest->data_size = sink->size();
  manifest->image_size = manifest->header_size + manifest->data_size;
  return {};
}

Result<Manifest> Describe(const PackRequest& request, const NewHeader& header) {
  Manifest manifest;
  manifest.uuid = header.uuid;
  manifest.header_size = header.bytes.size();
  ASSIGN_OR_RETURN(manifest.header_sha256, Sha256(header.bytes));
  manifest.header_profile = luks::kSealedProfile;
  manifest.file_system = request.file_system;
  manifest.mount_options = {"ro"};
  if (request.file_system == kExt4) {
    // Replaying a journal would write, and trust what it writes.
    manifest.mount_options.emplace_back("noload");
  }
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
  ASSIGN_OR_RETURN(Manifest manifest, Describe(request, header));
  RETURN_IF_ERROR(WriteSegment(request, volume_key, output, &manifest));
  RETURN_IF_ERROR(WriteAll(output.descriptor(), 0, header.bytes)
                      .Context("'" + output.path().string() + "'"));
  RETURN_IF_ERROR(output.Commit());
  return manifest;
}

}  // namespace tdxvfs::image
