// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_DIRECT_OUTPUT_H_
#define TDXVFS_LUKS_IMAGE_DIRECT_OUTPUT_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "common/unique_fd.h"

namespace tdxvfs::image {

// Where direct I/O wants addresses, offsets and sizes (open(2), O_DIRECT): no
// block device of Linux has larger blocks.
inline constexpr std::size_t kDirectBlock = 4096;  // bytes

template <typename T>
struct DirectAllocator {
  using value_type = T;
  static T* allocate(std::size_t count) {
    return static_cast<T*>(
        ::operator new (count * sizeof(T), std::align_val_t{kDirectBlock}));
  }
  static void deallocate(T* first, std::size_t /*count*/) {
    ::operator delete (first, std::align_val_t{kDirectBlock});
  }
  bool operator==(const DirectAllocator&) const = default;
};

// Bytes that can be written directly.
using DirectBytes = std::vector<std::uint8_t, DirectAllocator<std::uint8_t>>;

// A second descriptor for the same file that writes around the page cache: a
// model is larger than the memory that it would push everything else out of.
// Invalid where the file system cannot do it, which a block of zeroes at
// `offset` tries; the caller writes over that later.
UniqueFd OpenDirect(int descriptor, std::uint64_t offset);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_DIRECT_OUTPUT_H_
