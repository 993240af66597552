// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_VOLUME_NAME_H_
#define TDXVFS_COMMON_VOLUME_NAME_H_

#include <string_view>

#include "common/result.h"

namespace tdxvfs {

// Accepts [a-z0-9][a-z0-9._-]{0,47}: the name becomes part of a device-mapper
// UUID, which ends at 128 characters. Fails with kVolumeNameInvalid.
Result<void> CheckVolumeName(std::string_view name);

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_VOLUME_NAME_H_
