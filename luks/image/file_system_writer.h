// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_FILE_SYSTEM_WRITER_H_
#define TDXVFS_LUKS_IMAGE_FILE_SYSTEM_WRITER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "common/result.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {

// Makes a file system image while the contents of its files come in, one after
// the other and each in order; names, owners and times follow at the end. So a
// tar stream can be packed while it is read. The image depends on nothing but
// what comes in. For each file with content: Begin, Put as often as needed,
// End. Then Finish, once.
class FileSystemWriter {
 public:
  FileSystemWriter() = default;
  FileSystemWriter(const FileSystemWriter&) = delete;
  FileSystemWriter& operator=(const FileSystemWriter&) = delete;
  virtual ~FileSystemWriter() = default;

  // `node`: a number for the file, used once.
  virtual Result<void> Begin(std::uint32_t node) = 0;
  // Bytes at `offset`, at or behind the end of those before; what lies between
  // is zeroes. Fails with kFileInvalid (content that overlaps itself) and as
  // the sink does.
  virtual Result<void> Put(std::uint64_t offset,
                           std::span<const std::uint8_t> bytes) = 0;
  // Zeroes up to `size`, where the file ends. Fails with kFileInvalid when it
  // is longer already.
  virtual Result<void> End(std::uint64_t size) = 0;

  // `numbers[n]`: the node of `tree` that was called n above; empty: the same.
  // Fails with kFileInvalid or kNotSupported for what this file system cannot
  // hold, naming it, and as the sink does.
  virtual Result<void> Finish(const SourceTree& tree,
                              std::span<const std::uint32_t> numbers) = 0;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_FILE_SYSTEM_WRITER_H_
