// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_VOLUME_CHECKS_H_
#define TDXVFS_LUKS_VOLUME_CHECKS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "common/result.h"
#include "luks/crypt_device.h"
#include "luks/header.h"
#include "luks/image_file.h"
#include "luks/volume.h"

namespace tdxvfs::luks {

// A header that was checked against grant and profile, and what it says.
struct CheckedHeader {
  CryptDevice device;
  std::uint64_t sector_size = 0;  // bytes
};

// Compares the header with the grant, and only when its digest is the granted
// one parses it, against the granted profile. Fails with kHeaderMismatch,
// kGrantInvalid, kVerityMissing, kNotSupported, kHeaderRefused or
// kGrantMismatch.
Result<CheckedHeader> CheckHeader(const Header& header, const OpenGrant& grant);

// Whether the image can hold what header and grant promise: whole sectors, and
// the whole hash tree. Fails with kImageTruncated.
Result<void> CheckDataSize(const ImageFile& image, const Header& header,
                           const OpenGrant& grant, std::uint64_t sector_size);

// Whether the live dm-crypt table is what header and grant imply. `backing` is
// the device below, `sector_size` the header's, in bytes. Fails with
// kMappingFailed.
Result<void> CheckLiveCrypt(const std::string& mapping, const ImageFile& image,
                            const Header& header, const OpenGrant& grant,
                            dev_t backing, std::uint64_t sector_size);

// The same for dm-verity on the device `crypt`.
Result<void> CheckLiveVerity(const std::string& mapping,
                             const VerityParameters& granted, dev_t crypt);

// Reads the file system's first bytes through the mapping: finds a cut-off
// image before the mount hides it, and a dying disk. Fails with kIoError,
// kImageTruncated or kMappingFailed.
Result<void> CheckFileSystem(const std::string& mapping, const ImageFile& image,
                             const Header& header, const OpenGrant& grant);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_VOLUME_CHECKS_H_
