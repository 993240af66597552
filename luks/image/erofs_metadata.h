// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EROFS_METADATA_H_
#define TDXVFS_LUKS_IMAGE_EROFS_METADATA_H_

#include <cstdint>
#include <map>
#include <vector>

#include "common/result.h"
#include "luks/image/block_writer.h"
#include "luks/image/content_writer.h"
#include "luks/image/erofs_directory.h"
#include "luks/image/erofs_format.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// Where the contents of a tree's files went.
struct StoredFiles {
  std::vector<std::uint32_t> first_block;  // by node; of files without holes
  std::map<std::uint32_t, std::vector<ChunkRun>> sparse;  // by node
  // Of one chunk of zeroes that every hole is mapped to. The format has an
  // address for holes, but fsck.erofs 1.5 unpacks them as nothing at all.
  std::uint32_t zero_block = 0;
};

// Writes everything of an erofs image that is not the content of a file:
// directories too large to stand beside their inode, then all inodes, the root
// first, since the superblock has only 16 bits for its number. Tree and files
// must outlive it.
class ErofsMetadata {
 public:
  ErofsMetadata(const SourceTree* tree, const StoredFiles* files)
      : tree_(tree), files_(files) {}

  // Fails with kFileInvalid (attributes too large), kNotSupported (16 TiB) and
  // as the writer does. What it returns describes the finished image.
  Result<ErofsSuperBlock> Write(BlockWriter* writer);

 private:
  // An inode's place and what follows it there.
  struct Place {
    std::uint64_t position = 0;  // bytes from where inode numbers count
    std::uint64_t size = 0;      // bytes of content
    std::uint32_t first_block = 0;
    ErofsLayout layout = ErofsLayout::kPlain;
  };
  // Content that is made here, of directories and symbolic links, in pieces of
  // a block.
  Result<void> ContentOf(std::uint32_t node, const ErofsPieceSink& sink) const;
  Result<void> DirectoryOf(std::uint32_t node,
                           const ErofsPieceSink& sink) const;
  std::uint64_t ContentSize(std::uint32_t node) const;  // bytes
  std::vector<std::uint8_t> AttributesOf(std::uint32_t node) const;
  std::vector<std::uint8_t> ChunksOf(std::uint32_t node) const;
  std::uint64_t InodeNumber(std::uint32_t node) const;
  Result<void> Plan();
  Result<void> PlaceNode(std::uint32_t node, std::uint64_t* next);
  Result<void> WriteBlocks(BlockWriter* writer);
  Result<void> WriteInode(std::uint32_t node, std::uint64_t start,
                          BlockWriter* writer) const;

  const SourceTree* tree_;
  const StoredFiles* files_;
  std::vector<Place> places_;  // by node
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EROFS_METADATA_H_
