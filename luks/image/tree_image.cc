// SPDX-License-Identifier: Apache-2.0
#include "luks/image/tree_image.h"

#include <sys/stat.h>

#include <span>
#include <string>

#include "luks/image/file_content.h"

namespace tdxvfs::image {
namespace {

std::uint64_t ContentBytes(const SourceTree& tree) {
  std::uint64_t total = 0;
  for (const SourceNode& node : tree.nodes) {
    total += S_ISREG(node.mode) ? node.size : 0;
  }
  return total;
}

}  // namespace

Result<void> WriteTree(const SourceTree& tree, FileSystemWriter* writer,
                       const CopyProgress& progress) {
  const std::uint64_t total = ContentBytes(tree);
  std::uint64_t done = 0;
  const auto copied = [&](std::uint64_t bytes) {
    done += bytes;
    if (progress && bytes != 0) {
      progress(done, total);
    }
  };
  const auto put = [writer](std::uint64_t offset,
                            std::span<const std::uint8_t> bytes) {
    return writer->Put(offset, bytes);
  };
  for (std::uint32_t node = 0; node < tree.nodes.size(); ++node) {
    const SourceNode& file = tree.nodes[node];
    if (!S_ISREG(file.mode) || file.size == 0) {
      continue;
    }
    RETURN_IF_ERROR(writer->Begin(node));
    RETURN_IF_ERROR(
        ReadContent(tree.PathOf(node), file.size, file.stamp, put, copied));
    RETURN_IF_ERROR(writer->End(file.size).Context(
        "source '" + tree.PathOf(node).string() + "'"));
  }
  return writer->Finish(tree, {});
}

}  // namespace tdxvfs::image
