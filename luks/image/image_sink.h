// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_IMAGE_SINK_H_
#define TDXVFS_LUKS_IMAGE_IMAGE_SINK_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/result.h"

namespace tdxvfs::image {

inline constexpr std::size_t kImageBlockSize = 4096;  // bytes

// Where a file system image goes as it is made: everything in order but the
// first block, which describes the rest and comes last. So no image in the
// clear ever lies on a disk.
class ImageSink {
 public:
  ImageSink() = default;
  ImageSink(const ImageSink&) = delete;
  ImageSink& operator=(const ImageSink&) = delete;
  virtual ~ImageSink() = default;

  // Takes the next bytes; the first call continues at kImageBlockSize.
  virtual Result<void> Append(std::span<const std::uint8_t> bytes) = 0;
  // Takes the bytes [0, kImageBlockSize); nothing is appended afterwards.
  virtual Result<void> PutFirstBlock(std::span<const std::uint8_t> block) = 0;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_IMAGE_SINK_H_
