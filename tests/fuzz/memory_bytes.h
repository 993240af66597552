// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_FUZZ_MEMORY_BYTES_H_
#define TDXVFS_TESTS_FUZZ_MEMORY_BYTES_H_

#include <algorithm>
#include <cstdint>
#include <span>

#include "luks/image/byte_source.h"

namespace tdxvfs::testing {

// A file system image in memory, which the caller owns.
class MemoryBytes : public image::ByteSource {
 public:
  explicit MemoryBytes(std::span<const std::uint8_t> content)
      : content_(content) {}
  std::uint64_t size() const override { return content_.size(); }
  Result<void> Read(std::uint64_t offset,
                    std::span<std::uint8_t> bytes) override {
    if (offset > content_.size() || bytes.size() > content_.size() - offset) {
      return Error(Reason::kImageTruncated, "the image ends");
    }
    const auto part = content_.subspan(offset, bytes.size());
    std::copy(part.begin(), part.end(), bytes.begin());
    return {};
  }

 private:
  std::span<const std::uint8_t> content_;
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_FUZZ_MEMORY_BYTES_H_
