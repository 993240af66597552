// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_CRYPT_MAPPING_H_
#define TDXVFS_LUKS_CRYPT_MAPPING_H_

#include <string>

#include "common/result.h"
#include "common/secret.h"
#include "luks/backing_device.h"
#include "luks/crypt_device.h"
#include "luks/owned_mapping.h"

namespace tdxvfs::luks {

// Unlocks the key slot of a loaded and checked header and maps `backing`,
// read-only, under `name`. The volume key goes into the kernel's keyring and
// leaves this process. Fails with kPassphraseWrong, kVolumeInUse (name taken),
// kIoError, kHeaderRefused (no usable key slot) or kMappingFailed.
Result<OwnedMapping> MapCrypt(const CryptDevice& header,
                              const BackingDevice& backing,
                              const std::string& name,
                              const Secret& passphrase);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_CRYPT_MAPPING_H_
