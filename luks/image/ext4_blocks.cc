// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_blocks.h"

#include <memory>
#include <optional>
#include <utility>

#include <ext2fs/ext2fs.h>

namespace tdxvfs::image {
namespace {

constexpr std::uint64_t kRootEntries = 64;  // more than an inode has

struct FreeExtents {
  void operator()(ext2_extent_handle* handle) const {
    ext2fs_extent_free(handle);
  }
};

// Hands on what is in order and inside the file system.
class OrderedRuns {
 public:
  OrderedRuns(const Ext4FileSystem& file_system, const Ext4RunSink& sink)
      : blocks_(ext2fs_blocks_count(file_system.get()->super)), sink_(sink) {}

  Result<void> Take(const Ext4Run& run) {
    const bool is_map = run.kind == Ext4Run::Kind::kMap;
    if ((!is_map && run.in_file < next_) || run.blocks == 0 ||
        run.blocks > blocks_ || run.on_disk > blocks_ - run.blocks) {
      return Error(Reason::kFileInvalid,
                   "its blocks overlap or lie outside the file system");
    }
    if (!is_map) {
      next_ = run.in_file + run.blocks;
    }
    return sink_(run);
  }

 private:
  const std::uint64_t blocks_;
  const Ext4RunSink& sink_;
  std::uint64_t next_ = 0;  // block of the file; those before were taken
};

Result<void> WalkExtents(const Ext4FileSystem& file_system,
                         ext2_extent_handle* handle, OrderedRuns* runs) {
  // Every node of a tree has a block of its own and is met twice. The library
  // refuses a block above itself, but not one that is there many times.
  std::uint64_t steps =
      2 * ext2fs_blocks_count(file_system.get()->super) + kRootEntries;
  ext2fs_extent extent{};
  errcode_t code = ext2fs_extent_get(handle, EXT2_EXTENT_ROOT, &extent);
  while (code == 0) {
    if (steps-- == 0) {
      return Error(Reason::kFileInvalid,
                   "its extents are more than the file system has room for");
    }
    const auto flags = static_cast<unsigned int>(extent.e_flags);
    if ((flags & EXT2_EXTENT_FLAGS_LEAF) != 0) {
      RETURN_IF_ERROR(
          runs->Take({.kind = (flags & EXT2_EXTENT_FLAGS_UNINIT) != 0
                                  ? Ext4Run::Kind::kUnwritten
                                  : Ext4Run::Kind::kWritten,
                      .in_file = extent.e_lblk,
                      .on_disk = extent.e_pblk,
                      .blocks = extent.e_len}));
    } else if ((flags & EXT2_EXTENT_FLAGS_SECOND_VISIT) == 0) {
      RETURN_IF_ERROR(runs->Take({.kind = Ext4Run::Kind::kMap,
                                  .on_disk = extent.e_pblk,
                                  .blocks = 1}));
    }
    code = ext2fs_extent_get(handle, EXT2_EXTENT_NEXT, &extent);
  }
  return code == EXT2_ET_EXTENT_NO_NEXT
             ? Result<void>()
             : file_system.Failure("its extents", code);
}

struct MapWalk {
  OrderedRuns* runs;
  std::optional<Error> error{};
};

// Blocks of the map itself have negative numbers in the file.
int TakeMapped(ext2_filsys /*file_system*/, blk64_t* on_disk,
               e2_blkcnt_t in_file, blk64_t /*map*/, int /*offset*/,
               void* context) {
  MapWalk& walk = *static_cast<MapWalk*>(context);
  Ext4Run run{.on_disk = *on_disk, .blocks = 1};
  if (in_file < 0) {
    run.kind = Ext4Run::Kind::kMap;
  } else {
    run.in_file = static_cast<std::uint64_t>(in_file);
  }
  auto taken = walk.runs->Take(run);
  if (taken.has_value()) {
    return 0;
  }
  walk.error = std::move(taken).error();
  return BLOCK_ABORT;
}

// The block maps of ext2 and ext3.
Result<void> WalkMap(const Ext4FileSystem& file_system, std::uint32_t inode,
                     OrderedRuns* runs) {
  MapWalk walk{.runs = runs};
  const errcode_t code =
      ext2fs_block_iterate3(file_system.get(), inode, BLOCK_FLAG_READ_ONLY,
                            nullptr, TakeMapped, &walk);
  if (walk.error.has_value()) {
    return *std::move(walk.error);
  }
  return code == 0 ? Result<void>()
                   : file_system.Failure("its block map", code);
}

Result<ext2_inode> ReadInode(const Ext4FileSystem& file_system,
                             std::uint32_t number) {
  ext2_inode inode{};
  if (const errcode_t code =
          ext2fs_read_inode(file_system.get(), number, &inode);
      code != 0) {
    return file_system.Failure("its inode", code);
  }
  return inode;
}

}  // namespace

Result<bool> HasExt4Blocks(const Ext4FileSystem& file_system,
                           std::uint32_t inode) {
  ASSIGN_OR_RETURN(ext2_inode read, ReadInode(file_system, inode));
  return (read.i_flags & EXT4_INLINE_DATA_FL) == 0 &&
         ext2fs_inode_has_valid_blocks2(file_system.get(), &read) != 0;
}

Result<void> WalkExt4Blocks(const Ext4FileSystem& file_system,
                            std::uint32_t inode, const Ext4RunSink& sink) {
  OrderedRuns runs(file_system, sink);
  ASSIGN_OR_RETURN(const ext2_inode read, ReadInode(file_system, inode));
  // By its flags: the library takes a map of zeroes for an empty tree.
  if ((read.i_flags & EXT4_EXTENTS_FL) == 0) {
    return WalkMap(file_system, inode, &runs);
  }
  ext2_extent_handle_t opened = nullptr;
  if (const errcode_t code =
          ext2fs_extent_open(file_system.get(), inode, &opened);
      code != 0) {
    return file_system.Failure("its extents", code);
  }
  const std::unique_ptr<ext2_extent_handle, FreeExtents> handle(opened);
  return WalkExtents(file_system, handle.get(), &runs);
}

}  // namespace tdxvfs::image
