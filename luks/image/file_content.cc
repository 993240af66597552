// SPDX-License-Identifier: Apache-2.0
#include "luks/image/file_content.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "luks/image/erofs_format.h"
#include "luks/image/source_tree.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kContentReadSize =
    std::size_t{16} * kErofsChunk;  // bytes

Error ContentUnreadable(const std::filesystem::path& path, int error_number) {
  return SystemError(Reason::kFileUnreadable, "source '" + path.string() + "'",
                     error_number);
}

Error Changed(const std::filesystem::path& path) {
  return {Reason::kFileUnreadable,
          "source '" + path.string() + "' changed while it was packed"};
}

// The first byte at or behind `offset` that is no hole of the source's disk,
// rounded down to a chunk; the file's size when only a hole follows. Where the
// disk knows no holes, `offset` itself.
std::uint64_t SkipHole(int file, std::uint64_t offset, std::uint64_t size) {
  const off_t data = ::lseek(file, static_cast<off_t>(offset), SEEK_DATA);
  if (data < 0) {
    return errno == ENXIO ? size : offset;
  }
  const auto found = static_cast<std::uint64_t>(data);
  return std::max(offset, std::min(found, size) / kErofsChunk * kErofsChunk);
}

Result<void> ReadExactly(int file, const std::filesystem::path& path,
                         std::uint64_t offset, std::span<std::uint8_t> into) {
  while (!into.empty()) {
    const ssize_t got =
        ::pread(file, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return ContentUnreadable(path, errno);
    }
    if (got == 0) {
      return Changed(path);
    }
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

// Whoever replaced it since it was scanned, or wrote to it, has moved its
// times, also without its size.
Result<void> CheckIsScanned(int file, const std::filesystem::path& path,
                            std::uint64_t size, std::uint32_t stamp) {
  struct stat status {};
  if (::fstat(file, &status) != 0) {
    return ContentUnreadable(path, errno);
  }
  if (!S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) != size ||
      StampOf(status) != stamp) {
    return Changed(path);
  }
  return {};
}

Result<UniqueFd> OpenSource(const std::filesystem::path& path,
                            std::uint64_t size, std::uint32_t stamp) {
  // O_NONBLOCK: what is a fifo by now would be waited for without end.
  UniqueFd file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.valid()) {
    return ContentUnreadable(path, errno);
  }
  RETURN_IF_ERROR(CheckIsScanned(file.get(), path, size, stamp));
  (void)::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return file;
}

}  // namespace

Result<void> ReadContent(
    const std::filesystem::path& path, std::uint64_t size, std::uint32_t stamp,
    const std::function<Result<void>(std::uint64_t offset,
                                     std::span<const std::uint8_t>)>& use,
    const std::function<void(std::uint64_t)>& copied) {
  ASSIGN_OR_RETURN(const UniqueFd source, OpenSource(path, size, stamp));
  const int file = source.get();
  std::vector<std::uint8_t> buffer(
      std::min<std::uint64_t>(kContentReadSize, size));
  std::uint64_t offset = 0;
  while (offset < size) {
    const std::uint64_t data = SkipHole(file, offset, size);
    copied(data - offset);
    const std::span<std::uint8_t> piece(
        buffer.data(), std::min<std::uint64_t>(buffer.size(), size - data));
    RETURN_IF_ERROR(ReadExactly(file, path, data, piece));
    RETURN_IF_ERROR(use(data, piece));
    copied(piece.size());
    offset = data + piece.size();
  }
  return CheckIsScanned(file, path, size, stamp);
}

}  // namespace tdxvfs::image
