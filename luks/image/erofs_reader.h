// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EROFS_READER_H_
#define TDXVFS_LUKS_IMAGE_EROFS_READER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "luks/image/block_source.h"
#include "luks/image/content_sink.h"
#include "luks/image/erofs_parse.h"

namespace tdxvfs::image {

// Reads the erofs images that ErofsWriter makes, through a block source. Trusts
// nothing: every place is checked against the end of the image before it is
// read. Every call fails with kImageCorrupt or kNotSupported as erofs_parse.h
// says, and as the source does. One thread at a time; the source must outlive
// it.
class ErofsReader {
 public:
  static Result<ErofsReader> Open(BlockSource* source);

  std::uint64_t root() const { return super_.root; }      // inode number
  std::uint64_t inodes() const { return super_.inodes; }  // in the image
  // Of the file system, in bytes.
  std::uint64_t size() const {
    return std::uint64_t{super_.blocks} * kErofsBlock;
  }

  Result<ErofsNode> Node(std::uint64_t number);
  Result<SourceAttributes> Attributes(const ErofsNode& node);
  Result<std::string> LinkTarget(const ErofsNode& node);
  // The names in a folder, block by block, "." and ".." left out. `parent` is
  // the inode that ".." must name.
  using NameSink = std::function<Result<void>(const ErofsName& name)>;
  Result<void> List(const ErofsNode& folder, std::uint64_t parent,
                    const NameSink& sink);
  // The content of a file in order. Chunks of zeroes of a file that has holes
  // are left out.
  Result<void> Content(const ErofsNode& file, const ContentSink& sink);

 private:
  explicit ErofsReader(BlockSource* source) : source_(source) {}
  // Bytes anywhere in the image.
  Result<void> ReadAt(std::uint64_t position, std::span<std::uint8_t> bytes);
  Result<void> ReadBlocks(std::uint64_t first, std::span<std::uint8_t> bytes);
  std::uint64_t Position(const ErofsNode& node) const;
  std::uint64_t Behind(const ErofsNode& node) const;
  // Up to kErofsBlock * n bytes of what is not in chunks.
  Result<void> ReadWhole(const ErofsNode& node, std::uint64_t offset,
                         std::span<std::uint8_t> bytes);
  Result<void> ChunkContent(const ErofsNode& file, const ContentSink& sink);
  Result<std::uint32_t> ChunkBlock(const ErofsNode& file, std::uint64_t chunk);

  BlockSource* source_;
  ErofsSuperBlock super_;
  std::optional<std::uint64_t> held_;  // block in `block_`
  std::vector<std::uint8_t> block_;
  std::optional<std::uint32_t> zero_block_;  // of a whole chunk of zeroes
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EROFS_READER_H_
