// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SQUASHFS_INODE_H_
#define TDXVFS_LUKS_IMAGE_SQUASHFS_INODE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <sqfs/compressor.h>
#include <sqfs/meta_reader.h>
#include <sqfs/super.h>

#include "common/result.h"
#include "luks/image/source_tree.h"
#include "luks/image/squashfs_file.h"
#include "luks/image/squashfs_source.h"

namespace tdxvfs::image {

// What an inode says. Owners are indexes into the table of owners, as it does.
struct SquashfsNode {
  std::uint32_t number = 0;                  // within the image
  SourceNode node;                           // links: as the inode says
  std::uint32_t attributes = kSquashfsNone;  // index
  std::string link_target;                   // of symbolic links
  // Of folders: where their names are, as the format says.
  std::uint32_t names_block = 0;
  std::uint16_t names_offset = 0;
  std::uint32_t names_size = 0;
  std::uint64_t first_block = 0;  // of files: byte in the image
  // Of files: of each block the bytes that it takes, as the format says.
  std::vector<std::uint32_t> blocks;
};

// Reads inodes of the kinds that SquashfsWriter makes.
class SquashfsInodeTable {
 public:
  // All must outlive it. Fails with kInternal.
  static Result<SquashfsInodeTable> Open(SquashfsSource* source,
                                         sqfs_compressor_t* compressor,
                                         const sqfs_super_t* super);

  // `place`: a reference as folders have them. `room`: bytes that files may
  // still have, which becomes less by this one's. Fails with kImageCorrupt,
  // kNotSupported (devices, sockets, fragments) and as the source does.
  Result<SquashfsNode> Read(std::uint64_t place, std::uint64_t* room);

 private:
  SquashfsInodeTable() = default;
  Result<void> More(std::span<std::uint8_t> bytes);
  // What all kinds have; `type` is the kind, as the format numbers it.
  Result<void> Head(std::uint64_t place, std::uint16_t* type,
                    SquashfsNode* result);
  Result<void> Kind(std::uint16_t type, std::uint64_t* room,
                    SquashfsNode* result);
  Result<void> Folder(bool is_extended, SquashfsNode* result);
  Result<void> File(bool is_extended, std::uint64_t* room,
                    SquashfsNode* result);
  Result<void> Blocks(SquashfsNode* result);
  Result<void> Link(bool is_extended, SquashfsNode* result);
  Result<void> Fifo(bool is_extended, SquashfsNode* result);

  SquashfsSource* source_ = nullptr;
  const sqfs_super_t* super_ = nullptr;
  SquashfsPtr<sqfs_meta_reader_t> table_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SQUASHFS_INODE_H_
