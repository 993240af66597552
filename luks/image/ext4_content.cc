// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_content.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include <ext2fs/ext2fs.h>

#include "luks/image/ext4_blocks.h"

namespace tdxvfs::image {
namespace {

constexpr std::uint64_t kContentPiece = 1048576;  // bytes read at once
// Bytes inside an inode: those in place of block numbers, and an attribute of
// the most that ext4 allows (lib/ext2fs/ext_attr.c and fs/ext4/xattr.h).
constexpr std::size_t kMaxInline = 60 + 65536;

// Copies runs of blocks in long pieces, past the library's channel, which asks
// for one block at a time. Runs that continue each other become one.
class RunCopy {
 public:
  RunCopy(const Ext4FileSystem& file_system, std::uint64_t size,
          const ContentSink& sink)
      : source_(file_system.source()),
        block_size_(file_system.get()->blocksize),
        size_(size),
        sink_(sink) {}

  Result<void> Take(const Ext4Run& run) {
    if (run.kind != Ext4Run::Kind::kWritten) {
      return {};
    }
    if (pending_.blocks != 0 &&
        run.in_file == pending_.in_file + pending_.blocks &&
        run.on_disk == pending_.on_disk + pending_.blocks) {
      pending_.blocks += run.blocks;
      return {};
    }
    RETURN_IF_ERROR(Finish());
    pending_ = run;
    return {};
  }

  Result<void> Finish() {
    const std::uint64_t begin = pending_.in_file * block_size_;
    const std::uint64_t length =
        begin < size_ ? std::min(pending_.blocks * block_size_, size_ - begin)
                      : 0;
    const std::uint64_t from = pending_.on_disk * block_size_;
    pending_ = {};
    return Copy(from, begin, length);
  }

 private:
  Result<void> Copy(std::uint64_t from, std::uint64_t to,
                    std::uint64_t length) {
    buffer_.resize(std::min(kContentPiece, size_));
    while (length > 0) {
      const auto bytes = std::span(buffer_).first(
          std::min<std::uint64_t>(length, buffer_.size()));
      RETURN_IF_ERROR(source_->Read(from, bytes));
      RETURN_IF_ERROR(sink_(to, bytes));
      from += bytes.size();
      to += bytes.size();
      length -= bytes.size();
    }
    return {};
  }

  ByteSource* source_;
  const std::uint64_t block_size_;  // bytes
  const std::uint64_t size_;        // bytes
  const ContentSink& sink_;
  Ext4Run pending_;
  std::vector<std::uint8_t> buffer_;
};

// What lies inside the inode and an attribute. Not by ext2fs_file_read: its
// buffer is three blocks, and it copies an attribute of any size into it.
Result<void> ReadInline(const Ext4FileSystem& file_system, std::uint32_t inode,
                        std::uint64_t size, const ContentSink& sink) {
  std::size_t found = 0;
  errcode_t code = ext2fs_inline_data_size(file_system.get(), inode, &found);
  std::vector<std::uint8_t> buffer(kMaxInline);
  if (code == 0 && found > buffer.size()) {
    return Error(Reason::kFileInvalid,
                 std::to_string(found) + " bytes of content inside its inode");
  }
  if (code == 0) {
    code = ext2fs_inline_data_get(file_system.get(), inode, nullptr,
                                  buffer.data(), &found);
  }
  if (code != 0) {
    return file_system.Failure("its content", code);
  }
  // A file that was made longer afterwards stays inside its inode; the kernel
  // reads zeroes there (fs/ext4/inline.c, ext4_readpage_inline).
  return sink(0, std::span(buffer).first(std::min<std::uint64_t>(found, size)));
}

}  // namespace

Result<void> ReadExt4Content(const Ext4FileSystem& file_system,
                             std::uint32_t inode, std::uint64_t size,
                             const ContentSink& sink) {
  ASSIGN_OR_RETURN(const bool has_blocks, HasExt4Blocks(file_system, inode));
  if (!has_blocks) {
    return ReadInline(file_system, inode, size, sink);
  }
  RunCopy copy(file_system, size, sink);
  RETURN_IF_ERROR(
      WalkExt4Blocks(file_system, inode,
                     [&copy](const Ext4Run& run) { return copy.Take(run); }));
  return copy.Finish();
}

}  // namespace tdxvfs::image
