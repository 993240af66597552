// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_FOREIGN_READER_H_
#define TDXVFS_LUKS_IMAGE_FOREIGN_READER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/result.h"
#include "luks/foreign_volume.h"
#include "luks/image/byte_source.h"
#include "luks/image/sector_cipher.h"
#include "luks/image_file.h"

namespace tdxvfs::image {

// The data of a foreign volume in the clear, as dm-crypt would show them.
// Nothing is authenticated: such volumes have no hash tree. One thread at a
// time; image and volume must outlive it.
class ForeignReader : public ByteSource {
 public:
  // Fails with kInternal.
  static Result<std::unique_ptr<ForeignReader>> Create(
      const luks::ImageFile* image, const luks::ForeignVolume* volume);

  std::uint64_t size() const override { return size_; }  // whole sectors
  // Fails with kIoError or kImageTruncated, naming the byte of the image.
  Result<void> Read(std::uint64_t offset,
                    std::span<std::uint8_t> bytes) override;

 private:
  ForeignReader(const luks::ImageFile* image, const luks::ForeignVolume* volume,
                SectorCipher cipher);
  Result<void> ReadSectors(std::uint64_t offset, std::span<std::uint8_t> bytes);

  const luks::ImageFile* image_;
  const luks::ForeignVolume* volume_;
  SectorCipher cipher_;
  std::uint64_t size_ = 0;
  std::vector<std::uint8_t> sectors_;  // for reads that begin or end inside one
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_FOREIGN_READER_H_
