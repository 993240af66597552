// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SQUASHFS_TREE_H_
#define TDXVFS_LUKS_IMAGE_SQUASHFS_TREE_H_

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include <sqfs/compressor.h>
#include <sqfs/dir_writer.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/meta_writer.h>
#include <sqfs/super.h>
#include <sqfs/xattr_writer.h>

#include "common/result.h"
#include "luks/image/source_tree.h"
#include "luks/image/squashfs_file.h"

namespace tdxvfs::image {

// An inode that libsquashfs allocated, and may move while its file is written:
// it keeps the address of the pointer.
struct SquashfsInode {
  SquashfsInode() = default;
  SquashfsInode(const SquashfsInode&) = delete;
  SquashfsInode& operator=(const SquashfsInode&) = delete;
  ~SquashfsInode() { sqfs_free(inode); }

  sqfs_inode_generic_t* inode = nullptr;
};

// Of files with content, by node.
using SquashfsInodes = std::map<std::uint32_t, SquashfsInode>;

// The inode and directory tables of a squashfs image, then the tables that they
// point to.
class SquashfsTree {
 public:
  // All must outlive it.
  SquashfsTree(const SourceTree* tree, SquashfsInodes* inodes,
               SquashfsFile* file, sqfs_compressor_t* compressor,
               sqfs_super_t* super)
      : tree_(tree),
        inodes_(inodes),
        file_(file),
        compressor_(compressor),
        super_(super) {}

  // Inodes and directories. Fails with kNotSupported and as the file does.
  Result<void> WriteNodes();
  // Owners and attributes; to be called when the fragments' table is written.
  Result<void> WriteTables();

 private:
  Result<void> Prepare();
  // `about`: what of the node, as "owner of ".
  Result<void> CheckNode(int code, std::string_view about,
                         std::uint32_t node) const;
  Result<void> WriteNode(std::uint32_t node);
  Result<SquashfsInode*> InodeOf(std::uint32_t node, SquashfsInode* made);
  Result<void> MakeFolder(std::uint32_t node, SquashfsInode* made);
  Result<std::uint32_t> AttributesOf(std::uint32_t node);
  std::uint32_t FoldersIn(std::uint32_t node) const;

  const SourceTree* tree_;
  SquashfsInodes* inodes_;
  SquashfsFile* file_;
  sqfs_compressor_t* compressor_;
  sqfs_super_t* super_;
  SquashfsPtr<sqfs_id_table_t> owners_;
  SquashfsPtr<sqfs_xattr_writer_t> attributes_;
  SquashfsPtr<sqfs_meta_writer_t> inode_table_;
  SquashfsPtr<sqfs_meta_writer_t> directory_table_;
  SquashfsPtr<sqfs_dir_writer_t> directories_;
  std::vector<std::uint64_t> places_;  // of inodes, by node
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SQUASHFS_TREE_H_
