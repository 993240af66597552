// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_WHOLE_HEADER_H_
#define TDXVFS_LUKS_WHOLE_HEADER_H_

#include "common/result.h"
#include "luks/header.h"
#include "luks/image_file.h"

namespace tdxvfs::luks {

// The header of an image whose size nobody pinned: all before the data, whose
// place only the metadata tell. A first look finds it and is thrown away;
// whoever uses the result checks the result. Fails with kImageTruncated,
// kImageUnreadable, kImageNotLuks2, kHeaderRefused (unreadable metadata, data
// at no place that a header can end), which does not name the image.
Result<Header> ReadWholeHeader(const ImageFile& image);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_WHOLE_HEADER_H_
