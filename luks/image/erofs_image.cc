// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_image.h"

#include <sys/stat.h>

#include <utility>

#include "luks/image/block_writer.h"
#include "luks/image/erofs_metadata.h"
#include "luks/image/file_content.h"

namespace tdxvfs::image {
namespace {

Result<StoredFiles> StoreFiles(const SourceTree& tree, BlockWriter* writer,
                               const CopyProgress& progress) {
  std::uint64_t total = 0;
  for (const SourceNode& node : tree.nodes) {
    total += S_ISREG(node.mode) ? node.size : 0;
  }
  std::uint64_t done = 0;
  const auto copied = [&](std::uint64_t bytes) {
    done += bytes;
    if (progress && bytes != 0) {
      progress(done, total);
    }
  };
  StoredFiles files;
  files.first_block.assign(tree.nodes.size(), 0);
  for (std::uint32_t node = 0; node < tree.nodes.size(); ++node) {
    if (!S_ISREG(tree.nodes[node].mode) || tree.nodes[node].size == 0) {
      continue;
    }
    ASSIGN_OR_RETURN(
        StoredFile stored,
        StoreFile(tree.PathOf(node), tree.nodes[node].size, writer, copied));
    if (stored.has_holes) {
      files.sparse.emplace(node, std::move(stored.runs));
    } else {
      files.first_block[node] = stored.runs.front().block;
    }
  }
  return files;
}

}  // namespace

Result<void> FinishErofs(const SourceTree& tree, StoredFiles* files,
                         BlockWriter* writer, ImageSink* sink) {
  if (!files->sparse.empty()) {
    ASSIGN_OR_RETURN(files->zero_block, writer->NextBlock());
    RETURN_IF_ERROR(writer->PadTo(writer->position() + kErofsChunk));
  }
  ErofsMetadata metadata(&tree, files);
  ASSIGN_OR_RETURN(const ErofsSuperBlock super, metadata.Write(writer));
  return sink->PutFirstBlock(EncodeErofsSuperBlock(super));
}

Result<std::uint64_t> WriteErofs(const SourceTree& tree, ImageSink* sink,
                                 const CopyProgress& progress) {
  BlockWriter writer(sink);
  ASSIGN_OR_RETURN(StoredFiles files, StoreFiles(tree, &writer, progress));
  RETURN_IF_ERROR(FinishErofs(tree, &files, &writer, sink));
  return writer.position();
}

}  // namespace tdxvfs::image
