// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_TREE_READER_H_
#define TDXVFS_LUKS_IMAGE_TREE_READER_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "common/result.h"
#include "luks/image/content_sink.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// A file, folder, symbolic link or fifo of a file system that is read.
struct TreeNode {
  std::uint64_t number = 0;  // by which its reader knows it
  mode_t mode = 0;           // with the kind, as in stat(2)
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::int64_t modified = 0;        // seconds since 1970
  std::uint32_t modified_rest = 0;  // nanoseconds, below 10^9
  std::uint64_t size = 0;           // bytes, of files and links
};

// One name in the tree. `path` is relative to the root, without a leading
// slash: "" is the root itself. `first` is the path of the same node's first
// name when this one is a further hard link, else empty.
struct TreeVisit {
  std::string path;
  std::string first;
  TreeNode node;
};
using TreeVisitor = std::function<Result<void>(const TreeVisit&)>;

// A whole file system, read by its own rules and trusted in nothing. Every call
// fails with kImageCorrupt, kFileInvalid or kNotSupported as the file system's
// reader says, and as what it reads from does. One thread at a time.
class TreeReader {
 public:
  TreeReader() = default;
  TreeReader(const TreeReader&) = delete;
  TreeReader& operator=(const TreeReader&) = delete;
  virtual ~TreeReader() = default;

  virtual std::uint64_t size() const = 0;  // of the file system, in bytes

  // Visits every name, a folder before what is in it and a first name before
  // its hard links, in an order that depends on the file system alone. A path
  // too long for this system is kNotSupported.
  virtual Result<void> Walk(const TreeVisitor& visit) = 0;
  virtual Result<SourceAttributes> Attributes(const TreeNode& node) = 0;
  virtual Result<std::string> LinkTarget(const TreeNode& link) = 0;
  // The content of a file in ascending order; holes may be left out.
  virtual Result<void> Content(const TreeNode& file,
                               const ContentSink& sink) = 0;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_TREE_READER_H_
