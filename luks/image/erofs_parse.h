// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EROFS_PARSE_H_
#define TDXVFS_LUKS_IMAGE_EROFS_PARSE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "luks/image/erofs_format.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// The other direction of erofs_format.h: the parts of an erofs image out of
// bytes that nobody vouches for. Takes what our writer makes and nothing else.
// Everything fails with kImageCorrupt (contradicts itself or its place) or
// kNotSupported (erofs, but not ours: compression, other block sizes, shared
// attributes, devices).

// `block`: the first of the image, kErofsBlock bytes.
Result<ErofsSuperBlock> ParseErofsSuperBlock(
    std::span<const std::uint8_t> block);

// An inode as it stands there.
struct ErofsNode {
  std::uint64_t number = 0;  // its place, in kErofsSlot
  mode_t mode = 0;           // with the kind, as in stat(2)
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint32_t links = 0;
  std::int64_t modified = 0;          // seconds since 1970
  std::uint32_t modified_rest = 0;    // nanoseconds, below 10^9
  std::uint64_t size = 0;             // bytes
  std::uint32_t first_block = 0;      // without meaning for kChunks
  std::uint32_t attributes_size = 0;  // bytes behind the inode
  ErofsLayout layout = ErofsLayout::kPlain;
};

// `bytes`: kErofsInode of them.
Result<ErofsNode> ParseErofsInode(std::uint64_t number,
                                  std::span<const std::uint8_t> bytes);

// Extended attributes, all that follows an inode.
Result<SourceAttributes> ParseErofsAttributes(
    std::span<const std::uint8_t> bytes);

struct ErofsName {
  std::string name;  // 1 to 255 bytes, without '/' and NUL
  std::uint64_t inode = 0;
  std::uint8_t type = 0;  // ErofsFileType
};

// One block of a directory, or what its last one holds. `before` is the last
// name of the block before it: names ascend, so none stands there twice. "."
// and ".." are among them.
Result<std::vector<ErofsName>> ParseErofsDirectoryBlock(
    std::span<const std::uint8_t> bytes, std::string_view before);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EROFS_PARSE_H_
