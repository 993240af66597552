// SPDX-License-Identifier: Apache-2.0
#include "luks/image/foreign_reader.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

namespace tdxvfs::image {

ForeignReader::ForeignReader(const luks::ImageFile* image,
                             const luks::ForeignVolume* volume,
                             SectorCipher cipher)
    : image_(image), volume_(volume), cipher_(std::move(cipher)) {
  const std::uint64_t data =
      image->size() - std::min(image->size(), volume->data_offset());
  size_ = data / volume->sector_size * volume->sector_size;
}

Result<std::unique_ptr<ForeignReader>> ForeignReader::Create(
    const luks::ImageFile* image, const luks::ForeignVolume* volume) {
  ASSIGN_OR_RETURN(
      SectorCipher cipher,
      SectorCipher::Create(volume->volume_key,
                           static_cast<std::uint32_t>(volume->sector_size),
                           SectorCipher::Direction::kDecrypt));
  return std::unique_ptr<ForeignReader>(
      new ForeignReader(image, volume, std::move(cipher)));
}

Result<void> ForeignReader::ReadSectors(std::uint64_t offset,
                                        std::span<std::uint8_t> bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const std::uint64_t at = volume_->data_offset() + offset + done;
    const ssize_t got = ::pread(image_->descriptor(), bytes.data() + done,
                                bytes.size() - done, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      const std::string where = "image '" + image_->path().string() +
                                "': reading at byte " + std::to_string(at);
      return got < 0 ? SystemError(Reason::kIoError, where, errno)
                     : Error(Reason::kImageTruncated, where + ": end of file");
    }
    done += static_cast<std::size_t>(got);
  }
  return cipher_.Process(offset, bytes);
}

Result<void> ForeignReader::Read(std::uint64_t offset,
                                 std::span<std::uint8_t> bytes) {
  if (offset > size_ || bytes.size() > size_ - offset) {
    return Error(Reason::kImageTruncated, "image '" + image_->path().string() +
                                              "' ends at byte " +
                                              std::to_string(image_->size()) +
                                              ", inside its file system");
  }
  const std::uint64_t sector = volume_->sector_size;
  if (offset % sector == 0 && bytes.size() % sector == 0) {
    return ReadSectors(offset, bytes);
  }
  const std::uint64_t first = offset / sector * sector;
  const std::uint64_t end =
      (offset + bytes.size() + sector - 1) / sector * sector;
  sectors_.resize(end - first);
  RETURN_IF_ERROR(ReadSectors(first, sectors_));
  std::copy_n(sectors_.begin() + static_cast<std::ptrdiff_t>(offset - first),
              bytes.size(), bytes.begin());
  return {};
}

}  // namespace tdxvfs::image
