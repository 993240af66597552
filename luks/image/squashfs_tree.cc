// SPDX-License-Identifier: Apache-2.0
#include "luks/image/squashfs_tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

namespace tdxvfs::image {
namespace {

// Numbers start at one.
std::uint32_t InodeNumberOf(std::uint32_t node) { return node + 1; }

// The format has 32 bits for seconds since 1970.
std::uint32_t TimeOf(const SourceNode& node) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(
      node.modified, 0, std::numeric_limits<std::uint32_t>::max()));
}

sqfs_inode_generic_t* NewInode(std::uint16_t type, std::size_t extra) {
  auto* const inode = static_cast<sqfs_inode_generic_t*>(
      std::calloc(1, sizeof(sqfs_inode_generic_t) + extra));
  if (inode != nullptr) {
    inode->base.type = type;
  }
  return inode;
}

sqfs_inode_generic_t* NewEmptyFile() {
  sqfs_inode_generic_t* const inode = NewInode(SQFS_INODE_FILE, 0);
  if (inode != nullptr) {
    (void)sqfs_inode_set_frag_location(inode, kSquashfsNone, kSquashfsNone);
  }
  return inode;
}

sqfs_inode_generic_t* NewLink(const std::string& target, std::uint32_t links) {
  sqfs_inode_generic_t* const inode = NewInode(SQFS_INODE_SLINK, target.size());
  if (inode != nullptr) {
    inode->data.slink.nlink = links;
    inode->data.slink.target_size = static_cast<std::uint32_t>(target.size());
    std::memcpy(inode->extra, target.data(), target.size());
  }
  return inode;
}

sqfs_inode_generic_t* NewFifo(std::uint32_t links) {
  sqfs_inode_generic_t* const inode = NewInode(SQFS_INODE_FIFO, 0);
  if (inode != nullptr) {
    inode->data.ipc.nlink = links;
  }
  return inode;
}

// Only the extended form of a file counts its names.
int CountNames(sqfs_inode_generic_t* inode, std::uint32_t links) {
  if (links > 1) {
    if (const int code = sqfs_inode_make_extended(inode); code != 0) {
      return code;
    }
  }
  if (inode->base.type == SQFS_INODE_EXT_FILE) {
    inode->data.file_ext.nlink = links;
  }
  return 0;
}

}  // namespace

Result<void> SquashfsTree::Prepare() {
  owners_.reset(sqfs_id_table_create(0));
  attributes_.reset(sqfs_xattr_writer_create(0));
  inode_table_.reset(sqfs_meta_writer_create(file_, compressor_, 0));
  directory_table_.reset(sqfs_meta_writer_create(
      file_, compressor_, SQFS_META_WRITER_KEEP_IN_MEMORY));
  if (directory_table_ != nullptr) {
    directories_.reset(sqfs_dir_writer_create(directory_table_.get(), 0));
  }
  if (owners_ == nullptr || attributes_ == nullptr || inode_table_ == nullptr ||
      directories_ == nullptr) {
    return file_->Check(SQFS_ERROR_ALLOC, "prepare tables");
  }
  places_.assign(tree_->nodes.size(), 0);
  return {};
}

// The path is put together only when there is something to say of it: in a tree
// of thousands of nested folders it is long, and each node would need one.
Result<void> SquashfsTree::CheckNode(int code, std::string_view about,
                                     std::uint32_t node) const {
  if (code == 0) {
    return {};
  }
  return file_->Check(
      code, std::string(about) + "'" + tree_->PathOf(node).string() + "'");
}

Result<std::uint32_t> SquashfsTree::AttributesOf(std::uint32_t node) {
  const auto found = tree_->attributes.find(node);
  if (found == tree_->attributes.end()) {
    return kSquashfsNone;
  }
  RETURN_IF_ERROR(file_->Check(sqfs_xattr_writer_begin(attributes_.get(), 0),
                               "attributes"));
  for (const auto& [name, value] : found->second) {
    RETURN_IF_ERROR(
        CheckNode(sqfs_xattr_writer_add(attributes_.get(), name.c_str(),
                                        value.data(), value.size()),
                  "attribute " + name + " of ", node));
  }
  std::uint32_t index = kSquashfsNone;
  RETURN_IF_ERROR(file_->Check(sqfs_xattr_writer_end(attributes_.get(), &index),
                               "attributes"));
  return index;
}

std::uint32_t SquashfsTree::FoldersIn(std::uint32_t node) const {
  const auto& entries = tree_->nodes[node].entries;
  return static_cast<std::uint32_t>(std::count_if(
      entries.begin(), entries.end(), [this](const SourceEntry& entry) {
        return S_ISDIR(tree_->nodes[entry.node].mode);
      }));
}

Result<void> SquashfsTree::MakeFolder(std::uint32_t node, SquashfsInode* made) {
  RETURN_IF_ERROR(
      CheckNode(sqfs_dir_writer_begin(directories_.get(), 0), "folder ", node));
  for (const SourceEntry& entry : tree_->nodes[node].entries) {
    RETURN_IF_ERROR(CheckNode(
        sqfs_dir_writer_add_entry(
            directories_.get(), std::string(entry.name).c_str(),
            InodeNumberOf(entry.node), places_[entry.node],
            static_cast<std::uint16_t>(tree_->nodes[entry.node].mode)),
        "folder ", node));
  }
  RETURN_IF_ERROR(
      CheckNode(sqfs_dir_writer_end(directories_.get()), "folder ", node));
  // The root's parent is no node.
  const std::uint32_t parent =
      node == 0 ? InodeNumberOf(static_cast<std::uint32_t>(tree_->nodes.size()))
                : InodeNumberOf(tree_->nodes[node].parent);
  made->inode = sqfs_dir_writer_create_inode(directories_.get(), 0,
                                             kSquashfsNone, parent);
  if (made->inode == nullptr) {
    return {};
  }
  const std::uint32_t links = 2 + FoldersIn(node);
  if (made->inode->base.type == SQFS_INODE_DIR) {
    made->inode->data.dir.nlink = links;
  } else {
    made->inode->data.dir_ext.nlink = links;
  }
  return {};
}

// Files with content have their inodes already; others are made in `made`.
Result<SquashfsInode*> SquashfsTree::InodeOf(std::uint32_t node,
                                             SquashfsInode* made) {
  const SourceNode& source = tree_->nodes[node];
  if (const auto known = inodes_->find(node); known != inodes_->end()) {
    return &known->second;
  }
  if (S_ISDIR(source.mode)) {
    RETURN_IF_ERROR(MakeFolder(node, made));
  } else if (S_ISLNK(source.mode)) {
    made->inode = NewLink(tree_->link_targets.at(node), source.links);
  } else if (S_ISFIFO(source.mode)) {
    made->inode = NewFifo(source.links);
  } else {
    made->inode = NewEmptyFile();
  }
  if (made->inode == nullptr) {
    RETURN_IF_ERROR(file_->Check(SQFS_ERROR_ALLOC, "inode"));
  }
  return made;
}

Result<void> SquashfsTree::WriteNode(std::uint32_t node) {
  const SourceNode& source = tree_->nodes[node];
  SquashfsInode made;
  ASSIGN_OR_RETURN(SquashfsInode* const holder, InodeOf(node, &made));
  sqfs_inode_generic_t* const inode = holder->inode;
  if (S_ISREG(source.mode)) {
    RETURN_IF_ERROR(CheckNode(CountNames(inode, source.links), "", node));
  }
  inode->base.mode = static_cast<std::uint16_t>(source.mode);
  inode->base.mod_time = TimeOf(source);
  inode->base.inode_number = InodeNumberOf(node);
  ASSIGN_OR_RETURN(const std::uint32_t attributes, AttributesOf(node));
  RETURN_IF_ERROR(
      CheckNode(sqfs_inode_set_xattr_index(inode, attributes), "", node));
  RETURN_IF_ERROR(
      CheckNode(sqfs_id_table_id_to_index(owners_.get(), source.user,
                                          &inode->base.uid_idx),
                "owner of ", node));
  RETURN_IF_ERROR(
      CheckNode(sqfs_id_table_id_to_index(owners_.get(), source.group,
                                          &inode->base.gid_idx),
                "group of ", node));
  sqfs_u64 block = 0;
  sqfs_u32 offset = 0;
  sqfs_meta_writer_get_position(inode_table_.get(), &block, &offset);
  places_[node] = block << 16U | offset;
  return CheckNode(sqfs_meta_writer_write_inode(inode_table_.get(), inode), "",
                   node);
}

// A folder names the places of what is in it: folders come last, the deepest
// first. A folder's node is larger than that of the folder that it is in.
Result<void> SquashfsTree::WriteNodes() {
  RETURN_IF_ERROR(Prepare());
  super_->inode_table_start = file_->size();
  const auto count = static_cast<std::uint32_t>(tree_->nodes.size());
  for (std::uint32_t node = 0; node < count; ++node) {
    if (!S_ISDIR(tree_->nodes[node].mode)) {
      RETURN_IF_ERROR(WriteNode(node));
    }
  }
  for (std::uint32_t node = count; node > 0; --node) {
    if (S_ISDIR(tree_->nodes[node - 1].mode)) {
      RETURN_IF_ERROR(WriteNode(node - 1));
    }
  }
  RETURN_IF_ERROR(
      file_->Check(sqfs_meta_writer_flush(inode_table_.get()), "write inodes"));
  RETURN_IF_ERROR(file_->Check(sqfs_meta_writer_flush(directory_table_.get()),
                               "write directories"));
  super_->inode_count = count;
  super_->root_inode_ref = places_.front();
  super_->directory_table_start = file_->size();
  return file_->Check(sqfs_meta_write_write_to_file(directory_table_.get()),
                      "write directories");
}

Result<void> SquashfsTree::WriteTables() {
  RETURN_IF_ERROR(file_->Check(
      sqfs_id_table_write(owners_.get(), file_, super_, compressor_),
      "write owners"));
  return file_->Check(
      sqfs_xattr_writer_flush(attributes_.get(), file_, super_, compressor_),
      "write attributes");
}

}  // namespace tdxvfs::image
