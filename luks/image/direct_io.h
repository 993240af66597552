// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_DIRECT_IO_H_
#define TDXVFS_LUKS_IMAGE_DIRECT_IO_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"
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

// Bytes that can be read and written directly. To be copied into, not grown: a
// vector with an allocator of its own grows byte by byte.
using DirectBytes = std::vector<std::uint8_t, DirectAllocator<std::uint8_t>>;

// Writes to a file around the page cache where that works: a model is larger
// than the memory that it would push everything else out of. Thread-safe.
class DirectOutput {
 public:
  // `descriptor` is the caller's and outlives it. A block of zeroes at `offset`
  // tries whether the file system can do it; the caller writes over that later.
  // `name`: for errors.
  DirectOutput(int descriptor, std::uint64_t offset, std::string name);

  bool is_direct() const { return direct_.valid(); }
  // What cannot be written directly goes through the page cache. Fails with
  // kNoSpace, kIoError or as ReasonOfWrite says.
  Result<void> Write(std::uint64_t offset,
                     std::span<const std::uint8_t> bytes) const;

 private:
  bool WriteDirectly(std::uint64_t offset,
                     std::span<const std::uint8_t> bytes) const;

  const int descriptor_;
  const std::string name_;
  UniqueFd direct_;
};

// Reads a file around the page cache where that works.
class DirectInput {
 public:
  // A second descriptor for the file that `descriptor` reads.
  explicit DirectInput(int descriptor);

  // False when not all bytes could be read directly; what `bytes` then holds is
  // not specified, and the caller reads through the page cache, which tells the
  // reason if there is one. Thread-safe.
  bool Read(std::uint64_t offset, std::span<std::uint8_t> bytes) const;

 private:
  UniqueFd direct_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_DIRECT_IO_H_
