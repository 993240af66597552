// SPDX-License-Identifier: Apache-2.0
#include "luks/image/squashfs_reader.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace tdxvfs::image {

Result<std::unique_ptr<TreeReader>> SquashfsReader::Open(ByteSource* source) {
  std::unique_ptr<SquashfsReader> reader(new SquashfsReader(source));
  RETURN_IF_ERROR(reader->Start());
  return std::unique_ptr<TreeReader>(std::move(reader));
}

Result<void> SquashfsReader::Start() {
  file_.Allow(kMetadataReads);
  RETURN_IF_ERROR(
      file_.Check(sqfs_super_read(&super_, &file_), "the superblock"));
  if (super_.compression_id != SQFS_COMP_ZSTD ||
      super_.block_size != kSquashfsBlock) {
    return Error(Reason::kNotSupported,
                 "squashfs: only zstd in blocks of 128 KiB can be read");
  }
  if (super_.bytes_used > file_.source()->size() ||
      super_.inode_table_start > super_.directory_table_start ||
      super_.directory_table_start > super_.id_table_start ||
      super_.id_table_start > super_.bytes_used) {
    return DamagedSquashfs("tables lie outside the image or out of order");
  }
  sqfs_compressor_config_t config{};
  RETURN_IF_ERROR(file_.Check(
      sqfs_compressor_config_init(&config, SQFS_COMP_ZSTD, kSquashfsBlock,
                                  SQFS_COMP_FLAG_UNCOMPRESS),
      "choose zstd"));
  sqfs_compressor_t* compressor = nullptr;
  RETURN_IF_ERROR(file_.Check(sqfs_compressor_create(&config, &compressor),
                              "prepare zstd"));
  compressor_.reset(compressor);
  ASSIGN_OR_RETURN(inodes_,
                   SquashfsInodeTable::Open(&file_, compressor, &super_));
  ASSIGN_OR_RETURN(found_, ScanSquashfs(&file_, compressor, super_, &*inodes_));
  return {};
}

Result<void> SquashfsReader::Block(std::uint64_t place, std::uint32_t size,
                                   std::span<std::uint8_t> bytes) {
  const bool is_stored = (size & kSquashfsStored) != 0;
  const std::uint32_t length = size & kSquashfsBlockBytes;
  if (size >= 2 * kSquashfsStored || length > kSquashfsBlock ||
      (is_stored && length != bytes.size()) || place > super_.bytes_used ||
      length > super_.bytes_used - place) {
    return DamagedSquashfs(
        "a block lies outside the image or has a wrong size");
  }
  if (is_stored) {
    return file_.source()->Read(place, bytes);
  }
  packed_.resize(length);
  RETURN_IF_ERROR(file_.source()->Read(place, packed_));
  const std::int32_t got = compressor_->do_block(
      compressor_.get(), packed_.data(), length, bytes.data(),
      static_cast<std::uint32_t>(bytes.size()));
  if (got < 0 || static_cast<std::size_t>(got) != bytes.size()) {
    return DamagedSquashfs("a block does not decompress to what it must be");
  }
  return {};
}

Result<void> SquashfsReader::Content(const TreeNode& file,
                                     const ContentSink& sink) {
  std::uint64_t room = std::numeric_limits<std::uint64_t>::max();
  ASSIGN_OR_RETURN(const SquashfsNode inode,
                   inodes_->Read(found_.places[file.number], &room));
  std::vector<std::uint8_t> buffer(
      std::min<std::uint64_t>(kSquashfsBlock, file.size));
  std::uint64_t place = inode.first_block;
  std::uint64_t offset = 0;
  for (const std::uint32_t size : inode.blocks) {
    const auto bytes = std::span(buffer).first(
        std::min<std::uint64_t>(kSquashfsBlock, file.size - offset));
    // A block of no bytes is a hole.
    if (size != 0) {
      RETURN_IF_ERROR(Block(place, size, bytes));
      RETURN_IF_ERROR(sink(offset, bytes));
      place += size & kSquashfsBlockBytes;
    }
    offset += bytes.size();
  }
  return {};
}

}  // namespace tdxvfs::image
