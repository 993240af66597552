// SPDX-License-Identifier: Apache-2.0
#include "luks/image/squashfs_image.h"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include <sqfs/block.h>

namespace tdxvfs::image {
namespace {

// Weights hardly compress: a higher level only costs time.
constexpr std::uint32_t kZstdLevel = 3;
constexpr std::uint32_t kBlocksPerThread = 10;  // in flight
// Ends of files in blocks of their own: libsquashfs 1.2 loses memory for each
// end that it puts together with others.
constexpr std::uint32_t kFileFlags =
    SQFS_BLK_DONT_DEDUPLICATE | SQFS_BLK_DONT_FRAGMENT;

Result<sqfs_compressor_t*> NewCompressor(const SquashfsFile& file) {
  sqfs_compressor_config_t config{};
  RETURN_IF_ERROR(file.Check(
      sqfs_compressor_config_init(&config, SQFS_COMP_ZSTD, kSquashfsBlock, 0),
      "choose zstd"));
  config.level = kZstdLevel;
  sqfs_compressor_t* compressor = nullptr;
  RETURN_IF_ERROR(
      file.Check(sqfs_compressor_create(&config, &compressor), "prepare zstd"));
  return compressor;
}

}  // namespace

Result<std::unique_ptr<SquashfsWriter>> SquashfsWriter::Create(
    ImageSink* sink) {
  std::unique_ptr<SquashfsWriter> writer(new SquashfsWriter(sink));
  RETURN_IF_ERROR(writer->Start());
  return writer;
}

Result<void> SquashfsWriter::Start() {
  ASSIGN_OR_RETURN(sqfs_compressor_t* const compressor, NewCompressor(file_));
  compressor_.reset(compressor);
  RETURN_IF_ERROR(
      file_.Check(sqfs_super_init(&super_, kSquashfsBlock, 0, SQFS_COMP_ZSTD),
                  "prepare the superblock"));
  RETURN_IF_ERROR(
      file_.Check(sqfs_super_write(&super_, &file_), "prepare the superblock"));
  const int options = compressor->write_options(compressor, &file_);
  RETURN_IF_ERROR(file_.Check(std::min(options, 0), "write options of zstd"));
  if (options > 0) {
    super_.flags |= SQFS_FLAG_COMPRESSOR_OPTIONS;
  }
  fragments_.reset(sqfs_frag_table_create(0));
  blocks_.reset(sqfs_block_writer_create(&file_, kImageBlockSize, 0));
  if (fragments_ == nullptr || blocks_ == nullptr) {
    return file_.Check(SQFS_ERROR_ALLOC, "prepare blocks");
  }
  const std::uint32_t threads =
      std::max(1U, std::thread::hardware_concurrency());
  sqfs_block_processor_desc_t description{};
  description.size = sizeof(description);
  description.max_block_size = kSquashfsBlock;
  description.num_workers = threads;
  description.max_backlog = kBlocksPerThread * threads;
  description.cmp = compressor;
  description.wr = blocks_.get();
  description.tbl = fragments_.get();
  sqfs_block_processor_t* processor = nullptr;
  const int created = sqfs_block_processor_create_ex(&description, &processor);
  processor_.reset(processor);
  return file_.Check(created, "start the compression");
}

Result<void> SquashfsWriter::Begin(std::uint32_t node) {
  position_ = 0;
  return file_.Check(
      sqfs_block_processor_begin_file(processor_.get(), &inodes_[node].inode,
                                      nullptr, kFileFlags),
      "begin a file");
}

Result<void> SquashfsWriter::SkipTo(std::uint64_t offset) {
  static constexpr std::array<std::uint8_t, kSquashfsBlock> zeroes{};
  while (position_ < offset) {
    const std::size_t part =
        std::min<std::uint64_t>(offset - position_, zeroes.size());
    RETURN_IF_ERROR(file_.Check(
        sqfs_block_processor_append(processor_.get(), zeroes.data(), part),
        "write a file"));
    position_ += part;
  }
  return {};
}

Result<void> SquashfsWriter::Put(std::uint64_t offset,
                                 std::span<const std::uint8_t> bytes) {
  if (offset < position_) {
    return Error(Reason::kFileInvalid, "content overlaps itself");
  }
  RETURN_IF_ERROR(SkipTo(offset));
  // libsquashfs does not expect an empty piece.
  if (bytes.empty()) {
    return {};
  }
  position_ += bytes.size();
  return file_.Check(
      sqfs_block_processor_append(processor_.get(), bytes.data(), bytes.size()),
      "write a file");
}

Result<void> SquashfsWriter::End(std::uint64_t size) {
  if (size < position_) {
    return Error(Reason::kFileInvalid, "content is longer than its size");
  }
  RETURN_IF_ERROR(SkipTo(size));
  return file_.Check(sqfs_block_processor_end_file(processor_.get()),
                     "end a file");
}

SquashfsInodes SquashfsWriter::ByNode(std::span<const std::uint32_t> numbers) {
  if (numbers.empty()) {
    return std::move(inodes_);
  }
  SquashfsInodes ordered;
  while (!inodes_.empty()) {
    auto inode = inodes_.extract(inodes_.begin());
    inode.key() = numbers[inode.key()];
    ordered.insert(std::move(inode));
  }
  return ordered;
}

Result<void> SquashfsWriter::Finish(const SourceTree& tree,
                                    std::span<const std::uint32_t> numbers) {
  RETURN_IF_ERROR(file_.Check(sqfs_block_processor_finish(processor_.get()),
                              "write the last blocks"));
  SquashfsInodes inodes = ByNode(numbers);
  SquashfsTree nodes(&tree, &inodes, &file_, compressor_.get(), &super_);
  RETURN_IF_ERROR(nodes.WriteNodes());
  RETURN_IF_ERROR(file_.Check(sqfs_frag_table_write(fragments_.get(), &file_,
                                                    &super_, compressor_.get()),
                              "write fragments"));
  RETURN_IF_ERROR(nodes.WriteTables());
  super_.bytes_used = file_.size();
  RETURN_IF_ERROR(
      file_.Check(sqfs_super_write(&super_, &file_), "write the superblock"));
  return file_.Finish();
}

}  // namespace tdxvfs::image
