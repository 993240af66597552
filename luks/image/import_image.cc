// SPDX-License-Identifier: Apache-2.0
#include "luks/image/import_image.h"

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "luks/foreign_volume.h"
#include "luks/image/erofs_image.h"
#include "luks/image/ext4_content.h"
#include "luks/image/ext4_tree.h"
#include "luks/image/foreign_reader.h"
#include "luks/image/header_backup.h"
#include "luks/image/seal_image.h"
#include "luks/image/source_date.h"
#include "luks/image_file.h"

namespace tdxvfs::image {
namespace {

// Copies the files of a scanned volume, in the order in which pack would.
class Copy {
 public:
  Copy(const Ext4FileSystem& file_system, const Ext4Tree& source,
       const PieceProgress& progress)
      : file_system_(file_system), source_(source), progress_(progress) {
    for (const SourceNode& node : source.tree.nodes) {
      total_ += S_ISREG(node.mode) ? node.size : 0;
    }
  }

  Result<void> Run(FileSystemWriter* writer) {
    for (std::uint32_t node = 0; node < source_.tree.nodes.size(); ++node) {
      const SourceNode& file = source_.tree.nodes[node];
      if (!S_ISREG(file.mode) || file.size == 0) {
        continue;
      }
      auto stored = Store(node, file.size, writer);
      if (!stored.has_value()) {
        return std::move(stored).Context(
            "'" + source_.tree.PathOf(node).string() + "'");
      }
    }
    return writer->Finish(source_.tree, {});
  }

 private:
  Result<void> Store(std::uint32_t node, std::uint64_t size,
                     FileSystemWriter* writer) {
    RETURN_IF_ERROR(writer->Begin(node));
    RETURN_IF_ERROR(ReadExt4Content(
        file_system_, source_.inodes[node], size,
        [&](std::uint64_t offset,
            std::span<const std::uint8_t> bytes) -> Result<void> {
          if (progress_) {
            progress_(done_ + offset, total_);
          }
          return writer->Put(offset, bytes);
        }));
    done_ += size;
    return writer->End(size);
  }

  const Ext4FileSystem& file_system_;
  const Ext4Tree& source_;
  const PieceProgress& progress_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace

Result<Manifest> ImportImage(const ImportRequest& request) {
  ASSIGN_OR_RETURN(const luks::ImageFile image,
                   luks::ImageFile::Open(request.old_image));
  ASSIGN_OR_RETURN(const luks::ForeignVolume volume,
                   luks::UnlockForeignVolume(image, *request.old_passphrase));
  ASSIGN_OR_RETURN(const std::optional<std::int64_t> epoch, SourceDateEpoch());
  ASSIGN_OR_RETURN(const auto reader, ForeignReader::Create(&image, &volume));
  ASSIGN_OR_RETURN(const Ext4FileSystem file_system,
                   Ext4FileSystem::Open(reader.get()));
  ASSIGN_OR_RETURN(HeaderBackup backup,
                   HeaderBackup::Write(request.header_backup, volume.header));
  ASSIGN_OR_RETURN(
      Manifest manifest,
      SealImage(
          {.image = request.new_image,
           .passphrase = request.new_passphrase,
           .file_system = "erofs",
           .uuid = std::nullopt,
           .salt = std::vector<std::uint8_t>(kVeritySaltSize, 0)},
          [&](ImageSink* sink) -> Result<void> {
            ASSIGN_OR_RETURN(const Ext4Tree source,
                             ScanExt4(file_system, epoch));
            ErofsWriter writer(sink);
            return Copy(file_system, source, request.progress).Run(&writer);
          }));
  backup.Keep();
  return manifest;
}

}  // namespace tdxvfs::image
