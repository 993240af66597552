// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SOURCE_DATE_H_
#define TDXVFS_LUKS_IMAGE_SOURCE_DATE_H_

#include <cstdint>
#include <optional>

#include "common/result.h"

namespace tdxvfs::image {

// The time that a reproducible build gives every file, in seconds since 1970:
// the environment's SOURCE_DATE_EPOCH (reproducible-builds.org), or nothing
// when it is unset or empty. Fails with kUsage when it is no decimal number.
Result<std::optional<std::int64_t>> SourceDateEpoch();

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SOURCE_DATE_H_
