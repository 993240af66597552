// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EXT4_IMAGE_H_
#define TDXVFS_LUKS_IMAGE_EXT4_IMAGE_H_

#include <filesystem>

#include "common/result.h"
#include "luks/image/image_sink.h"
#include "luks/image/tree_image.h"

namespace tdxvfs::image {

// Writes a folder as an ext4 image. mke2fs makes it in an unlinked file of mode
// 0600 in `scratch`, in the clear: ext4 is for models that need it, on a
// machine that is trusted with its disk. Holes of the source become zeroes.
//
// Fails as ScanSource, MakeExt4, TidyExt4, OpenScratchFile and the sink do, and
// with kNoSpace.
Result<void> WriteExt4(const std::filesystem::path& source,
                       const std::filesystem::path& scratch, ImageSink* sink,
                       const CopyProgress& progress);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EXT4_IMAGE_H_
