// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_VERITY_DEVICE_H_
#define TDXVFS_LUKS_VERITY_DEVICE_H_

#include <string>

#include "common/result.h"
#include "luks/owned_mapping.h"
#include "luks/verity_parameters.h"

namespace tdxvfs::luks {

// Maps a read-only dm-verity device `name` on the block device at path `below`
// that holds both data and hash tree. No superblock is looked for: every
// parameter is the caller's. A block that does not verify is an I/O error for
// its reader. Success says nothing about the root hash, which the kernel first
// compares when a block is read: see CheckFirstBlock. Fails with kVolumeInUse
// (name taken) or kMappingFailed.
Result<OwnedMapping> MapVerity(const std::string& below,
                               const std::string& name,
                               const VerityParameters& parameters);

// Reads the first block through the mapping `name`, past the page cache, and
// asks the kernel whether it has met a block that did not verify (threat D15).
// Fails with kImageCorrupt when it has, kIoError when the block could not be
// read for another cause, kMappingFailed.
Result<void> CheckFirstBlock(const std::string& name);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_VERITY_DEVICE_H_
