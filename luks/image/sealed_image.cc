// SPDX-License-Identifier: Apache-2.0
#include "luks/image/sealed_image.h"

#include <errno.h>
#include <unistd.h>

#include <utility>

#include "luks/header_profile.h"
#include "luks/image/luks2_header.h"
#include "luks/pinned_header.h"

namespace tdxvfs::image {
namespace {

using luks::ImageFile;

std::string Named(const ImageFile& image) {
  return "image '" + image.path().string() + "'";
}

Result<void> CheckSize(const ImageFile& image, const Manifest& manifest) {
  const std::string sizes =
      Named(image) + " ends at byte " + std::to_string(image.size()) +
      ", by the manifest at " + std::to_string(manifest.image_size);
  if (image.size() < manifest.image_size) {
    return Error(Reason::kImageTruncated, sizes);
  }
  // A block device may be larger than what was copied onto it.
  if (image.size() > manifest.image_size && !image.is_block_device()) {
    return Error(Reason::kImageCorrupt, sizes);
  }
  return {};
}

Result<luks::PinnedHeader> CheckHeader(const ImageFile& image,
                                       const Manifest& manifest) {
  if (manifest.header_profile != luks::kSealedProfile) {
    return Error(Reason::kNotSupported,
                 "manifest: a volume of profile '" + manifest.header_profile +
                     "' has no hash tree to be checked by");
  }
  // Before the header: of a cut-off image the size says more.
  RETURN_IF_ERROR(CheckSize(image, manifest));
  return luks::ReadPinnedHeader(image, {.size = manifest.header_size,
                                        .sha256 = manifest.header_sha256,
                                        .uuid = manifest.uuid,
                                        .profile = manifest.header_profile});
}

// Every byte behind the header is a data block or a block of the tree, so that
// checking these checks everything.
Result<void> CheckTree(const Manifest& manifest) {
  if (!manifest.verity.has_value()) {
    return Error(Reason::kVerityMissing,
                 "manifest: 'verity' is missing, so nothing says what the "
                 "contents should be");
  }
  const luks::VerityParameters& verity = *manifest.verity;
  const std::uint64_t blocks = manifest.data_size / kVerityBlockSize;
  if (verity.hash != "sha256" || verity.data_block_size != kVerityBlockSize ||
      verity.hash_block_size != kVerityBlockSize ||
      verity.salt.size() > kMaxVeritySalt || verity.data_blocks == 0 ||
      verity.data_blocks > blocks ||
      verity.hash_start_block != verity.data_blocks ||
      blocks - verity.data_blocks != VerityTreeBlocks(verity.data_blocks) ||
      manifest.data_size % kVerityBlockSize != 0) {
    return Error(Reason::kNotSupported,
                 "manifest: 'verity' is not a hash tree as 'volume pack' "
                 "makes it, right behind the data and up to the end");
  }
  return {};
}

Error ReadError(const ImageFile& image, std::uint64_t at, int error_number) {
  const std::string where =
      Named(image) + ": reading at byte " + std::to_string(at);
  return error_number == 0
             ? Error(Reason::kImageTruncated, where + ": the image ends there")
             : SystemError(Reason::kIoError, where, error_number);
}

}  // namespace

Result<void> CheckImageHeader(const std::filesystem::path& path,
                              const Manifest& manifest) {
  ASSIGN_OR_RETURN(const ImageFile image, ImageFile::Open(path));
  if (auto header = CheckHeader(image, manifest); !header.has_value()) {
    return std::move(header).error();
  }
  return CheckTree(manifest);
}

Result<SealedImage> SealedImage::Open(const std::filesystem::path& path,
                                      const Manifest& manifest,
                                      const Secret& passphrase) {
  ASSIGN_OR_RETURN(ImageFile image, ImageFile::Open(path));
  ASSIGN_OR_RETURN(const luks::PinnedHeader header,
                   CheckHeader(image, manifest));
  RETURN_IF_ERROR(CheckTree(manifest));
  SealedImage sealed(std::move(image));
  ASSIGN_OR_RETURN(
      sealed.volume_key_,
      luks::UnlockVolumeKey(header.device, passphrase, kVolumeKeySize)
          .Context(Named(sealed.image_)));
  sealed.verity_ = *manifest.verity;
  sealed.levels_ = VerityLevels(sealed.verity_.data_blocks);
  sealed.header_size_ = manifest.header_size;
  sealed.size_ = manifest.data_size;
  return sealed;
}

Result<SectorCipher> SealedImage::NewCipher() const {
  return SectorCipher::Create(volume_key_, kCryptSectorSize,
                              SectorCipher::Direction::kDecrypt);
}

Result<void> SealedImage::ReadUnchecked(std::uint64_t offset,
                                        std::span<std::uint8_t> bytes,
                                        SectorCipher* cipher) const {
  std::uint64_t at = ImageOffset(offset);
  if (direct_.Read(at, bytes)) {
    return cipher->Process(offset, bytes);
  }
  std::span<std::uint8_t> rest = bytes;
  while (!rest.empty()) {
    const ssize_t got = ::pread(image_.descriptor(), rest.data(), rest.size(),
                                static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return ReadError(image_, at, got < 0 ? errno : 0);
    }
    rest = rest.subspan(static_cast<std::size_t>(got));
    at += static_cast<std::uint64_t>(got);
  }
  return cipher->Process(offset, bytes);
}

}  // namespace tdxvfs::image
