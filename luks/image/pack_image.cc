// SPDX-License-Identifier: Apache-2.0
#include "luks/image/pack_image.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/rand.h>

#include "common/openssl_error.h"
#include "luks/image/erofs_image.h"
#include "luks/image/ext4_image.h"
#include "luks/image/file_system_writer.h"
#include "luks/image/pending_file.h"
#include "luks/image/seal_image.h"
#include "luks/image/source_tree.h"
#include "luks/image/squashfs_image.h"
#include "luks/image/tar_image.h"
#include "luks/image/tree_image.h"

namespace tdxvfs::image {
namespace {

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

}  // namespace

Result<Manifest> PackImage(const PackRequest& request) {
  RETURN_IF_ERROR(CheckRequest(request));
  ASSIGN_OR_RETURN(std::vector<std::uint8_t> salt, Salt(request));
  return SealImage(
      {.image = request.image,
       .passphrase = &request.passphrase,
       .file_system = request.file_system,
       .uuid = request.uuid,
       .salt = std::move(salt)},
      [&request](ImageSink* sink) { return WriteFileSystem(request, sink); });
}

}  // namespace tdxvfs::image
