// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_content.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <ext2fs/ext2fs.h>

namespace tdxvfs::image {
namespace {

constexpr std::uint64_t kPiece = 1048576;   // bytes read at once
constexpr std::uint64_t kRootEntries = 64;  // more than an inode has

struct CloseFile {
  void operator()(ext2_file* file) const { (void)ext2fs_file_close(file); }
};
struct FreeExtents {
  void operator()(ext2_extent_handle* handle) const {
    ext2fs_extent_free(handle);
  }
};

// Reads files that are mapped by extents in long runs, past the library's
// channel, which asks for one block at a time.
class ExtentReader {
 public:
  ExtentReader(const Ext4FileSystem& file_system, std::uint64_t size,
               const Ext4Sink& sink)
      : file_system_(file_system),
        block_size_(file_system.get()->blocksize),
        blocks_(ext2fs_blocks_count(file_system.get()->super)),
        size_(size),
        sink_(sink) {}

  Result<void> Run(ext2_extent_handle* handle) {
    // Every node of a tree has a block of its own and is met twice. The library
    // refuses a block above itself, but not one that is there many times.
    std::uint64_t steps = 2 * blocks_ + kRootEntries;
    ext2fs_extent extent{};
    errcode_t code = ext2fs_extent_get(handle, EXT2_EXTENT_ROOT, &extent);
    while (code == 0) {
      if (steps-- == 0) {
        return Error(Reason::kFileInvalid,
                     "its extents are more than the file system has room for");
      }
      const bool is_leaf = (extent.e_flags & EXT2_EXTENT_FLAGS_LEAF) != 0;
      if (is_leaf) {
        RETURN_IF_ERROR(Take(extent));
      }
      code = ext2fs_extent_get(handle, EXT2_EXTENT_NEXT, &extent);
    }
    if (code != EXT2_ET_EXTENT_NO_NEXT) {
      return file_system_.Failure("its extents", code);
    }
    return {};
  }

 private:
  Result<void> Take(const ext2fs_extent& extent) {
    if (extent.e_lblk < next_block_ || extent.e_len == 0 ||
        extent.e_len > blocks_ || extent.e_pblk > blocks_ - extent.e_len) {
      return Error(Reason::kFileInvalid,
                   "its extents overlap or lie outside the file system");
    }
    next_block_ = extent.e_lblk + extent.e_len;
    const std::uint64_t begin = extent.e_lblk * block_size_;
    if ((extent.e_flags & EXT2_EXTENT_FLAGS_UNINIT) != 0 || begin >= size_ ||
        sink_ == nullptr) {
      return {};
    }
    return Copy(extent.e_pblk * block_size_, begin,
                std::min(extent.e_len * block_size_, size_ - begin));
  }

  Result<void> Copy(std::uint64_t from, std::uint64_t to,
                    std::uint64_t length) {
    buffer_.resize(std::min(kPiece, size_));
    while (length > 0) {
      const auto bytes = std::span(buffer_).first(
          std::min<std::uint64_t>(length, buffer_.size()));
      RETURN_IF_ERROR(file_system_.source()->Read(from, bytes));
      RETURN_IF_ERROR(sink_(to, bytes));
      from += bytes.size();
      to += bytes.size();
      length -= bytes.size();
    }
    return {};
  }

  const Ext4FileSystem& file_system_;
  const std::uint64_t block_size_;  // bytes
  const std::uint64_t blocks_;
  const std::uint64_t size_;  // bytes
  const Ext4Sink& sink_;
  std::uint64_t next_block_ = 0;  // of the file; those before were taken
  std::vector<std::uint8_t> buffer_;
};

// Files of ext2 and ext3, and small ones that lie inside their inode.
Result<void> ReadByLibrary(const Ext4FileSystem& file_system,
                           std::uint32_t inode, std::uint64_t size,
                           const Ext4Sink& sink) {
  ext2_file_t opened = nullptr;
  errcode_t code = ext2fs_file_open(file_system.get(), inode, 0, &opened);
  if (code != 0) {
    return file_system.Failure("its content", code);
  }
  const std::unique_ptr<ext2_file, CloseFile> file(opened);
  std::vector<std::uint8_t> buffer(std::min(kPiece, size));
  for (std::uint64_t at = 0; at < size;) {
    unsigned int got = 0;
    const auto wanted = static_cast<unsigned int>(
        std::min<std::uint64_t>(size - at, buffer.size()));
    code = ext2fs_file_read(file.get(), buffer.data(), wanted, &got);
    if (code != 0 || got == 0) {
      return file_system.Failure("its content",
                                 code != 0 ? code : EXT2_ET_SHORT_READ);
    }
    RETURN_IF_ERROR(sink(at, std::span(buffer).first(got)));
    at += got;
  }
  return {};
}

// By its flags: the library takes a map of zeroes, as a file inside its inode
// may have, for an empty tree of extents.
Result<bool> HasExtents(const Ext4FileSystem& file_system,
                        std::uint32_t number) {
  ext2_inode inode{};
  if (const errcode_t code =
          ext2fs_read_inode(file_system.get(), number, &inode);
      code != 0) {
    return file_system.Failure("its inode", code);
  }
  return (inode.i_flags & EXT4_EXTENTS_FL) != 0 &&
         (inode.i_flags & EXT4_INLINE_DATA_FL) == 0;
}

Result<void> WalkExtents(const Ext4FileSystem& file_system, std::uint32_t inode,
                         std::uint64_t size, const Ext4Sink& sink) {
  ext2_extent_handle_t opened = nullptr;
  if (const errcode_t code =
          ext2fs_extent_open(file_system.get(), inode, &opened);
      code != 0) {
    return file_system.Failure("its extents", code);
  }
  const std::unique_ptr<ext2_extent_handle, FreeExtents> handle(opened);
  return ExtentReader(file_system, size, sink).Run(handle.get());
}

}  // namespace

Result<void> ReadExt4Content(const Ext4FileSystem& file_system,
                             std::uint32_t inode, std::uint64_t size,
                             const Ext4Sink& sink) {
  ASSIGN_OR_RETURN(const bool has_extents, HasExtents(file_system, inode));
  return has_extents ? WalkExtents(file_system, inode, size, sink)
                     : ReadByLibrary(file_system, inode, size, sink);
}

Result<void> CheckExt4Extents(const Ext4FileSystem& file_system,
                              std::uint32_t inode) {
  ASSIGN_OR_RETURN(const bool has_extents, HasExtents(file_system, inode));
  return has_extents ? WalkExtents(file_system, inode, 0, nullptr)
                     : Result<void>();
}

}  // namespace tdxvfs::image
