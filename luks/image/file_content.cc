// SPDX-License-Identifier: Apache-2.0
#include "luks/image/file_content.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>

#include "common/unique_fd.h"
#include "luks/image/erofs_format.h"

namespace tdxvfs::image {
namespace {

constexpr std::size_t kReadSize = std::size_t{16} * kErofsChunk;  // bytes

Error Unreadable(const std::filesystem::path& path, int error_number) {
  return SystemError(Reason::kFileUnreadable, "source '" + path.string() + "'",
                     error_number);
}

Error Changed(const std::filesystem::path& path) {
  return {Reason::kFileUnreadable,
          "source '" + path.string() + "' changed while it was packed"};
}

bool IsZero(std::span<const std::uint8_t> bytes) {
  return bytes.front() == 0 &&
         std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
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
      return Unreadable(path, errno);
    }
    if (got == 0) {
      return Changed(path);
    }
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

Result<void> StoreChunk(std::span<const std::uint8_t> bytes,
                        std::uint64_t chunk, BlockWriter* writer,
                        StoredFile* stored) {
  if (IsZero(bytes)) {
    stored->has_holes = true;
    return {};
  }
  ASSIGN_OR_RETURN(const std::uint32_t block, writer->NextBlock());
  if (!stored->runs.empty() &&
      stored->runs.back().first_chunk + stored->runs.back().chunks == chunk) {
    ++stored->runs.back().chunks;
  } else {
    stored->runs.push_back({chunk, 1, block});
  }
  RETURN_IF_ERROR(writer->Append(bytes));
  return writer->PadBlock();
}

Result<UniqueFd> OpenSource(const std::filesystem::path& path,
                            std::uint64_t size) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) {
    return Unreadable(path, errno);
  }
  if (!S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) != size) {
    return Changed(path);
  }
  (void)::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return file;
}

}  // namespace

Result<StoredFile> StoreFile(const std::filesystem::path& path,
                             std::uint64_t size, BlockWriter* writer,
                             const std::function<void(std::uint64_t)>& copied) {
  StoredFile stored;
  ASSIGN_OR_RETURN(const UniqueFd file, OpenSource(path, size));
  std::vector<std::uint8_t> buffer(std::min<std::uint64_t>(kReadSize, size));
  std::uint64_t offset = 0;
  while (offset < size) {
    const std::uint64_t data = SkipHole(file.get(), offset, size);
    stored.has_holes |= data > offset;
    copied(data - offset);
    const std::span<std::uint8_t> piece(
        buffer.data(), std::min<std::uint64_t>(buffer.size(), size - data));
    RETURN_IF_ERROR(ReadExactly(file.get(), path, data, piece));
    for (std::size_t at = 0; at < piece.size(); at += kErofsChunk) {
      RETURN_IF_ERROR(StoreChunk(
          piece.subspan(at,
                        std::min<std::size_t>(kErofsChunk, piece.size() - at)),
          (data + at) / kErofsChunk, writer, &stored));
    }
    copied(piece.size());
    offset = data + piece.size();
  }
  return stored;
}

}  // namespace tdxvfs::image
