// SPDX-License-Identifier: Apache-2.0
#include "luks/image/ext4_channel.h"

#include <errno.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>

// The header says nothing of C++.
extern "C" {
#include <et/com_err.h>
}
#include <ext2fs/ext2fs.h>

namespace tdxvfs::image {
namespace {

constexpr int kFirstBlockSize = 1024;  // bytes; the library sets its own

// The library opens a channel by name; ours is handed over beside it.
thread_local Ext4Channel* opening = nullptr;

Ext4Channel* ChannelOf(io_channel channel) {
  return static_cast<Ext4Channel*>(channel->private_data);
}

errcode_t CloseChannel(io_channel channel) {
  if (--channel->refcount == 0) {
    const std::unique_ptr<struct_io_channel> last(channel);
  }
  return 0;
}

errcode_t SetBlockSize(io_channel channel, int size) {
  if (size <= 0) {
    return EXT2_ET_INVALID_ARGUMENT;
  }
  channel->block_size = size;
  return 0;
}

// A negative count is one of bytes.
errcode_t ReadBlocks(io_channel channel, unsigned long long block, int count,
                     void* data) {
  Ext4Channel* const ours = ChannelOf(channel);
  const auto block_size = static_cast<std::uint64_t>(channel->block_size);
  const std::uint64_t size =
      count < 0 ? static_cast<std::uint64_t>(-static_cast<std::int64_t>(count))
                : static_cast<std::uint64_t>(count) * block_size;
  // A place that the file system made up is its own fault, not the source's.
  if (block > ours->source->size() / block_size ||
      size > ours->source->size() - block * block_size) {
    return EXT2_ET_SHORT_READ;
  }
  auto read = ours->source->Read(block * block_size,
                                 {static_cast<std::uint8_t*>(data), size});
  if (!read.has_value()) {
    ours->failure = std::move(read).error();
    return EIO;
  }
  return 0;
}

errcode_t ReadBlocksShort(io_channel channel, unsigned long block, int count,
                          void* data) {
  return ReadBlocks(channel, block, count, data);
}

errcode_t WriteBlocks(io_channel /*channel*/, unsigned long long /*block*/,
                      int /*count*/, const void* /*data*/) {
  return EROFS;
}

errcode_t WriteBlocksShort(io_channel /*channel*/, unsigned long /*block*/,
                           int /*count*/, const void* /*data*/) {
  return EROFS;
}

errcode_t Flush(io_channel /*channel*/) { return 0; }

errcode_t OpenChannel(const char* name, int flags, io_channel* channel);

struct_io_manager Manager() {
  struct_io_manager manager{};
  manager.magic = EXT2_ET_MAGIC_IO_MANAGER;
  manager.name = "tdxvfs";
  manager.open = OpenChannel;
  manager.close = CloseChannel;
  manager.set_blksize = SetBlockSize;
  manager.read_blk = ReadBlocksShort;
  manager.write_blk = WriteBlocksShort;
  manager.flush = Flush;
  manager.read_blk64 = ReadBlocks;
  manager.write_blk64 = WriteBlocks;
  return manager;
}

io_manager TheManager() {
  static struct_io_manager manager = Manager();
  return &manager;
}

errcode_t OpenChannel(const char* /*name*/, int /*flags*/,
                      io_channel* channel) {
  auto made = std::make_unique<struct_io_channel>();
  made->magic = EXT2_ET_MAGIC_IO_CHANNEL;
  made->manager = TheManager();
  made->block_size = kFirstBlockSize;
  made->refcount = 1;
  made->private_data = opening;
  *channel = made.release();  // CloseChannel's
  return 0;
}

}  // namespace

long OpenThrough(Ext4Channel* channel, struct_ext2_filsys** opened) {
  opening = channel;
  const errcode_t code = ext2fs_open2("volume", nullptr, EXT2_FLAG_64BITS, 0, 0,
                                      TheManager(), opened);
  opening = nullptr;
  return code;
}

std::string Ext4Words(long code) {
  // The table's texts are the library's words for its own codes.
  initialize_ext2_error_table();
  return error_message(code);
}

}  // namespace tdxvfs::image
