// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SQUASHFS_ATTRIBUTES_H_
#define TDXVFS_LUKS_IMAGE_SQUASHFS_ATTRIBUTES_H_

#include <cstdint>

#include <sqfs/compressor.h>
#include <sqfs/id_table.h>
#include <sqfs/super.h>
#include <sqfs/xattr_reader.h>

#include "common/result.h"
#include "luks/image/source_tree.h"
#include "luks/image/squashfs_file.h"
#include "luks/image/squashfs_source.h"

namespace tdxvfs::image {

// The tables of owners and of extended attributes, to which inodes point.
class SquashfsTables {
 public:
  // All must outlive it. Fails with kImageCorrupt and as the source does.
  static Result<SquashfsTables> Open(SquashfsSource* source,
                                     sqfs_compressor_t* compressor,
                                     const sqfs_super_t& super);

  // An index, of 16 bits, into an owner. Fails with kImageCorrupt.
  Result<std::uint32_t> Owner(std::uint32_t index) const;
  // Those that a volume keeps, of 1 GiB that all together may have. Fails with
  // kImageCorrupt (damage, one above 64 KiB, no room) and as the source does.
  Result<SourceAttributes> Attributes(std::uint32_t index);

 private:
  SquashfsTables() = default;
  Result<void> ReadOne(SourceAttributes* attributes);

  SquashfsSource* source_ = nullptr;
  SquashfsPtr<sqfs_id_table_t> owners_;
  SquashfsPtr<sqfs_xattr_reader_t> attributes_;   // none: the image has none
  std::uint64_t room_ = std::uint64_t{1} << 30U;  // bytes
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SQUASHFS_ATTRIBUTES_H_
