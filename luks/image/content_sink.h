// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_CONTENT_SINK_H_
#define TDXVFS_LUKS_IMAGE_CONTENT_SINK_H_

#include <cstdint>
#include <functional>
#include <span>

#include "common/result.h"

namespace tdxvfs::image {

// Takes the next bytes of a file; what lies between the calls is zero.
using ContentSink = std::function<Result<void>(
    std::uint64_t offset, std::span<const std::uint8_t> bytes)>;

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_CONTENT_SINK_H_
