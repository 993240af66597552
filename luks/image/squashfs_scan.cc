// SPDX-License-Identifier: Apache-2.0
#include "luks/image/squashfs_scan.h"

#include <sys/stat.h>

#include <string>
#include <unordered_map>
#include <utility>

#include <sqfs/dir.h>
#include <sqfs/inode.h>
#include <sqfs/meta_reader.h>

#include "luks/image/squashfs_attributes.h"
#include "luks/image/tree_order.h"

namespace tdxvfs::image {
namespace {

constexpr std::uint64_t kMaxNames = std::uint64_t{1} << 24U;
constexpr std::uint64_t kMaxNameBytes = std::uint64_t{1} << 30U;

bool CanBeSquashfsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && name != "." &&
         name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

class FolderScan {
 public:
  FolderScan(SquashfsSource* source, const sqfs_super_t& super,
             SquashfsInodeTable* inodes, SquashfsTables* tables,
             sqfs_meta_reader_t* names)
      : source_(source),
        super_(super),
        inodes_(inodes),
        tables_(tables),
        names_(names),
        blocks_(super.bytes_used) {
    result_.tree.root = "/";
  }

  Result<SquashfsScan> Run() {
    ASSIGN_OR_RETURN(SquashfsNode root,
                     inodes_->Read(super_.root_inode_ref, &files_));
    if (!S_ISDIR(root.node.mode)) {
      return DamagedSquashfs("the root is no folder");
    }
    RETURN_IF_ERROR(AddNode(super_.root_inode_ref, std::move(root), 0, 0));
    // A list of its own instead of recursion: depth is a stranger's to choose.
    while (!pending_.empty()) {
      const Folder folder = pending_.back();
      pending_.pop_back();
      RETURN_IF_ERROR(ReadFolder(folder));
    }
    return std::move(result_);
  }

 private:
  struct Folder {
    std::uint32_t node = 0;
    sqfs_readdir_state_t names{};
  };

  Result<void> ReadFolder(Folder folder) {
    std::vector<SourceEntry> entries;
    while (true) {
      source_->Allow(kMetadataReads);
      sqfs_dir_entry_t* read = nullptr;
      sqfs_u32 number = 0;
      sqfs_u64 place = 0;
      const int code = sqfs_meta_reader_readdir(names_, &folder.names, &read,
                                                &number, &place);
      RETURN_IF_ERROR(source_->Check(code, "a folder"));
      if (code > 0) {
        break;
      }
      const SquashfsBytes<sqfs_dir_entry_t> entry(read);
      const std::string_view name(reinterpret_cast<const char*>(entry->name),
                                  std::size_t{entry->size} + 1);
      // Ascending, so neither stands there twice.
      if (!CanBeSquashfsName(name) ||
          (!entries.empty() && name <= entries.back().name)) {
        return DamagedSquashfs("a folder has names that it cannot have");
      }
      RETURN_IF_ERROR(CountName(name));
      RETURN_IF_ERROR(
          AddName(folder.node, result_.tree.names.Keep(name), place, &entries));
    }
    result_.tree.nodes[folder.node].entries = std::move(entries);
    return {};
  }

  // A few bytes of compressed folders make names of 255 bytes each.
  Result<void> CountName(std::string_view name) {
    if (++names_found_ > kMaxNames || name.size() > name_bytes_) {
      return Error(Reason::kNotSupported,
                   "squashfs: more than 2^24 names, or 1 GiB of them");
    }
    name_bytes_ -= name.size();
    return {};
  }

  Result<void> AddName(std::uint32_t folder, std::string_view name,
                       std::uint64_t place, std::vector<SourceEntry>* entries) {
    const auto known = known_.find(place);
    if (known != known_.end()) {
      SourceNode& node = result_.tree.nodes[known->second];
      if (S_ISDIR(node.mode)) {
        return DamagedSquashfs("a folder stands in two places");
      }
      ++node.links;
      entries->push_back({name, known->second});
      return {};
    }
    ASSIGN_OR_RETURN(SquashfsNode inode, inodes_->Read(place, &files_));
    entries->push_back(
        {name, static_cast<std::uint32_t>(result_.tree.nodes.size())});
    return AddNode(place, std::move(inode), folder,
                   static_cast<std::uint32_t>(entries->size() - 1));
  }

  // Our writer gives each file blocks of its own, so all files together have no
  // more bytes of blocks than the image has. Only this sum is checked: it
  // bounds what is read, however many files say that they have the same blocks.
  Result<void> TakeBlocks(const SquashfsNode& inode) {
    for (const std::uint32_t block : inode.blocks) {
      const std::uint32_t size = block & kSquashfsBlockBytes;
      if (size > blocks_) {
        return DamagedSquashfs("files have more blocks than there are");
      }
      blocks_ -= size;
    }
    return {};
  }

  Result<void> AddNode(std::uint64_t place, SquashfsNode inode,
                       std::uint32_t parent, std::uint32_t position) {
    const auto id = static_cast<std::uint32_t>(result_.tree.nodes.size());
    if (id >= super_.inode_count) {
      return DamagedSquashfs("one inode more than the superblock says");
    }
    RETURN_IF_ERROR(TakeBlocks(inode));
    SourceNode& node = inode.node;
    ASSIGN_OR_RETURN(node.user, tables_->Owner(node.user));
    ASSIGN_OR_RETURN(node.group, tables_->Owner(node.group));
    ASSIGN_OR_RETURN(SourceAttributes attributes,
                     tables_->Attributes(inode.attributes));
    if (!attributes.empty()) {
      result_.tree.attributes.emplace(id, std::move(attributes));
    }
    node.parent = parent;
    node.position = position;
    node.links = S_ISDIR(node.mode) ? 2 : 1;  // counted, whatever it says
    if (S_ISLNK(node.mode)) {
      result_.tree.link_targets.emplace(id, std::move(inode.link_target));
    } else if (S_ISDIR(node.mode)) {
      RETURN_IF_ERROR(Remember(id, inode));
    }
    result_.tree.nodes.push_back(std::move(node));
    result_.places.push_back(place);
    known_.emplace(place, id);
    return {};
  }

  Result<void> Remember(std::uint32_t id, const SquashfsNode& inode) {
    sqfs_inode_generic_t folder{};
    folder.base.type = SQFS_INODE_EXT_DIR;
    folder.data.dir_ext.size = inode.names_size;
    folder.data.dir_ext.start_block = inode.names_block;
    folder.data.dir_ext.offset = inode.names_offset;
    Folder made{.node = id};
    RETURN_IF_ERROR(source_->Check(
        sqfs_readdir_state_init(&made.names, &super_, &folder), "a folder"));
    pending_.push_back(made);
    return {};
  }

  SquashfsSource* source_;
  const sqfs_super_t& super_;
  SquashfsInodeTable* inodes_;
  SquashfsTables* tables_;
  sqfs_meta_reader_t* names_;
  std::uint64_t blocks_;                // bytes that files may still have
  std::uint64_t files_ = kMaxContents;  // the same, decompressed, with holes
  std::uint64_t names_found_ = 0;
  std::uint64_t name_bytes_ = kMaxNameBytes;  // that names may still have
  SquashfsScan result_;
  std::vector<Folder> pending_;
  std::unordered_map<std::uint64_t, std::uint32_t> known_;  // by place
};

}  // namespace

Result<SquashfsScan> ScanSquashfs(SquashfsSource* source,
                                  sqfs_compressor_t* compressor,
                                  const sqfs_super_t& super,
                                  SquashfsInodeTable* inodes) {
  ASSIGN_OR_RETURN(SquashfsTables tables,
                   SquashfsTables::Open(source, compressor, super));
  const SquashfsPtr<sqfs_meta_reader_t> names(sqfs_meta_reader_create(
      source, compressor, super.directory_table_start, super.id_table_start));
  if (names == nullptr) {
    return Error(Reason::kInternal, "squashfs: no reader of folders");
  }
  ASSIGN_OR_RETURN(
      SquashfsScan found,
      FolderScan(source, super, inodes, &tables, names.get()).Run());
  const std::vector<std::uint32_t> numbers = OrderTree(&found.tree);
  std::vector<std::uint64_t> places(numbers.size());
  for (std::size_t node = 0; node < numbers.size(); ++node) {
    places[numbers[node]] = found.places[node];
  }
  found.places = std::move(places);
  return found;
}

}  // namespace tdxvfs::image
