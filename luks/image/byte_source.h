// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_BYTE_SOURCE_H_
#define TDXVFS_LUKS_IMAGE_BYTE_SOURCE_H_

#include <cstdint>
#include <span>

#include "common/result.h"

namespace tdxvfs::image {

// A file system image in the clear, by bytes. One thread at a time.
class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  virtual std::uint64_t size() const = 0;  // bytes
  // Fills `bytes` from `offset` on. Fails when they do not lie below size().
  virtual Result<void> Read(std::uint64_t offset,
                            std::span<std::uint8_t> bytes) = 0;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_BYTE_SOURCE_H_
