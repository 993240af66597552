// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_EROFS_TAR_H_
#define TDXVFS_LUKS_IMAGE_EROFS_TAR_H_

#include <cstdint>
#include <functional>

#include "common/result.h"
#include "luks/image/image_sink.h"

namespace tdxvfs::image {

// Writes a tar stream as an erofs image while it is read. Contents lie in the
// image in the order of the stream; everything else is as WriteErofs makes it
// of the same folder, so that a stream in the order of `tar --sort=name`, with
// numeric owners and full times (`--format=pax`), gives the very same image.
// With SOURCE_DATE_EPOCH set every node has that time. `progress` (may be
// empty) gets the bytes of the stream so far.
//
// Fails with kFileInvalid and kFileUnreadable as TarStream and TarTree do, with
// kUsage (SOURCE_DATE_EPOCH), kNotSupported (above 16 TiB) and as the sink
// does.
Result<void> WriteErofsFromTar(
    int descriptor, ImageSink* sink,
    const std::function<void(std::uint64_t)>& progress);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_EROFS_TAR_H_
