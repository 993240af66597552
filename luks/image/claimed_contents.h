// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_CLAIMED_CONTENTS_H_
#define TDXVFS_LUKS_IMAGE_CLAIMED_CONTENTS_H_

#include "common/result.h"
#include "luks/image/manifest.h"
#include "luks/image/sealed_image.h"

namespace tdxvfs::image {

// What a manifest says of the file system inside, which neither the header nor
// the root hash covers, and which a guest learns to be wrong only when it
// mounts.

// By the manifest alone: that guests mount such a file system in this way.
// Fails with kFileInvalid, which names the member.
Result<void> CheckMountMembers(const Manifest& manifest);

// That the image really holds this file system. Fails with kFileInvalid, which
// says what it holds instead, and as VerifiedReader::Read does when the first
// block, which tells, is bad.
Result<void> CheckFileSystem(const SealedImage& image,
                             const Manifest& manifest);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_CLAIMED_CONTENTS_H_
