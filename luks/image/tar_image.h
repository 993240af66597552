// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_TAR_IMAGE_H_
#define TDXVFS_LUKS_IMAGE_TAR_IMAGE_H_

#include <cstdint>
#include <functional>

#include "common/result.h"
#include "luks/image/file_system_writer.h"

namespace tdxvfs::image {

// Writes a tar stream as an image while it is read. Contents lie in the image
// in the order of the stream; everything else is as WriteTree makes it of the
// same folder, so that a stream in the order of `tar --sort=name`, with numeric
// owners and full times (`--format=pax`), gives the very same image. With
// SOURCE_DATE_EPOCH set every node has that time. `progress` (may be empty)
// gets the bytes of the stream so far.
//
// Fails with kFileInvalid and kFileUnreadable as TarStream and TarTree do, with
// kUsage (SOURCE_DATE_EPOCH) and as the writer does.
Result<void> WriteTar(int descriptor, FileSystemWriter* writer,
                      const std::function<void(std::uint64_t)>& progress);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_TAR_IMAGE_H_
