// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SEALED_IMAGE_H_
#define TDXVFS_LUKS_IMAGE_SEALED_IMAGE_H_

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/secret.h"
#include "luks/image/direct_io.h"
#include "luks/image/manifest.h"
#include "luks/image/sector_cipher.h"
#include "luks/image/verity_tree.h"
#include "luks/image_file.h"
#include "luks/verity_parameters.h"

namespace tdxvfs::image {

// Checks what can be checked of an image without its key: that its header is
// the one in the manifest and of profile sealed-1, that its size is right, and
// that the manifest's hash tree would cover all of it. Fails with
// kHeaderMismatch, kHeaderRefused, kImageTruncated, kImageCorrupt (too long),
// kVerityMissing (a manifest without a hash tree), kNotSupported (profile, or
// a tree that leaves bytes of the image uncovered) and as ImageFile::Open does.
Result<void> CheckImageHeader(const std::filesystem::path& path,
                              const Manifest& manifest);

// An encrypted image that its owner reads in user space. Immutable: any number
// of threads may use it.
class SealedImage {
 public:
  // Checks as CheckImageHeader does, then unlocks the volume key. Also fails
  // with kPassphraseWrong.
  static Result<SealedImage> Open(const std::filesystem::path& path,
                                  const Manifest& manifest,
                                  const Secret& passphrase);

  const luks::VerityParameters& verity() const { return verity_; }
  // Of the hash tree, the lowest first; without any, the root hash is that of
  // the only data block.
  const std::vector<VerityLevel>& levels() const { return levels_; }
  std::uint64_t data_blocks() const { return verity_.data_blocks; }
  std::uint64_t size() const { return size_; }  // bytes, all but the header
  const std::filesystem::path& path() const { return image_.path(); }

  // Where a byte of the encrypted area lies in the image.
  std::uint64_t ImageOffset(std::uint64_t offset) const {
    return header_size_ + offset;
  }
  // A cipher for one thread. Fails with kInternal.
  Result<SectorCipher> NewCipher() const;
  // Reads and decrypts whole blocks, checking nothing; around the page cache
  // into bytes that allow it (DirectBytes). Fails with kIoError or
  // kImageTruncated, naming the byte.
  Result<void> ReadUnchecked(std::uint64_t offset,
                             std::span<std::uint8_t> bytes,
                             SectorCipher* cipher) const;

 private:
  explicit SealedImage(luks::ImageFile image)
      : image_(std::move(image)), direct_(image_.descriptor()) {}

  luks::ImageFile image_;
  DirectInput direct_;
  Secret volume_key_;
  luks::VerityParameters verity_;
  std::vector<VerityLevel> levels_;
  std::uint64_t header_size_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SEALED_IMAGE_H_
