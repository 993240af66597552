// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_TAR_MEMBER_H_
#define TDXVFS_LUKS_IMAGE_TAR_MEMBER_H_

#include "common/result.h"
#include "luks/image/tar_stream.h"

namespace tdxvfs::image {

// What libarchive says about a member, as a volume keeps it. Fails with
// kFileInvalid as TarStream::Next does.
Result<TarMember> DescribeTarMember(archive_entry* entry);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_TAR_MEMBER_H_
