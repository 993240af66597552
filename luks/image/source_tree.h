// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SOURCE_TREE_H_
#define TDXVFS_LUKS_IMAGE_SOURCE_TREE_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "luks/image/name_store.h"

namespace tdxvfs::image {

// Bytes of all files together: an erofs image has 2^32 blocks of 4096 bytes.
inline constexpr std::uint64_t kMaxContents = std::uint64_t{1} << 44U;
inline constexpr std::size_t kMaxName = 255;           // bytes, NAME_MAX
inline constexpr std::uint64_t kMaxLinkTarget = 4095;  // bytes, PATH_MAX - 1

// A name in a folder. Several names of one node are hard links.
struct SourceEntry {
  std::string_view name;  // in the tree's store
  std::uint32_t node = 0;
};

// A file, folder, symbolic link or fifo, without its name and its bytes. Kept
// small: a model repository may have a million.
struct SourceNode {
  mode_t mode = 0;  // with the kind, as in stat(2)
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint32_t links = 1;             // names within the tree
  std::int64_t modified = 0;           // seconds since 1970
  std::uint32_t modified_rest = 0;     // nanoseconds
  std::uint32_t parent = 0;            // folder of the first name
  std::uint32_t position = 0;          // of the first name in that folder
  std::uint32_t stamp = 0;             // StampOf; folders have none
  std::uint64_t size = 0;              // bytes, of files and links
  std::vector<SourceEntry> entries{};  // of folders, in byte order
};

// What tells a file from another of the same size that was put in its place,
// and from itself after somebody wrote to it: its two times, true ones also
// where SOURCE_DATE_EPOCH hides them. Not its inode, whose number a network
// file system may change. 32 bits, which cost a node nothing: whoever changes a
// source on purpose is its owner.
std::uint32_t StampOf(const struct stat& status);

// Extended attributes by full name ("user.comment"), in byte order.
using SourceAttributes = std::map<std::string, std::string>;

// What is to be packed, as found by one scan. Node 0 is the root folder.
struct SourceTree {
  std::filesystem::path root;
  std::vector<SourceNode> nodes;
  NameStore names;  // of the entries
  std::map<std::uint32_t, std::string> link_targets;
  std::map<std::uint32_t, SourceAttributes> attributes;

  // Where the bytes of a node lie.
  std::filesystem::path PathOf(std::uint32_t node) const;
};

// Scans a folder and everything below it, in the order of OrderTree. Attributes
// taken are user.* and POSIX ACLs: others, such as security labels, belong to
// the packing machine and not to the model. With SOURCE_DATE_EPOCH set, every
// node has that time.
//
// Fails with kFileNotFound, kFileUnreadable, kUsage (SOURCE_DATE_EPOCH) and,
// naming the path, kFileInvalid for what a volume cannot hold: devices,
// sockets, and a root that is no folder.
Result<SourceTree> ScanSource(const std::filesystem::path& root);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SOURCE_TREE_H_
