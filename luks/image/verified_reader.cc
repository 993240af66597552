// SPDX-License-Identifier: Apache-2.0
#include "luks/image/verified_reader.h"

#include <algorithm>
#include <utility>

namespace tdxvfs::image {
namespace {

std::span<const std::uint8_t> HashAt(std::span<const std::uint8_t> hash_block,
                                     std::uint64_t child) {
  return hash_block.subspan(child % kHashesPerBlock * sizeof(Sha256Digest),
                            sizeof(Sha256Digest));
}

}  // namespace

std::string Describe(const BadBlock& block) {
  const std::string number = std::to_string(block.number);
  return (block.level.has_value() ? "hash block " + number + " of level " +
                                        std::to_string(*block.level)
                                  : "data block " + number) +
         " (byte " + std::to_string(block.image_offset) + " of the image)";
}

VerifiedReader::VerifiedReader(const SealedImage* image, SectorCipher cipher,
                               VerityHash hash)
    : image_(image),
      cipher_(std::move(cipher)),
      hash_(std::move(hash)),
      kept_(image->levels().size()) {
  for (Kept& kept : kept_) {
    kept.bytes.resize(kVerityBlockSize);
  }
}

Result<std::unique_ptr<VerifiedReader>> VerifiedReader::Create(
    const SealedImage* image) {
  ASSIGN_OR_RETURN(SectorCipher cipher, image->NewCipher());
  ASSIGN_OR_RETURN(VerityHash hash, VerityHash::Create(image->verity().salt));
  return std::unique_ptr<VerifiedReader>(
      new VerifiedReader(image, std::move(cipher), std::move(hash)));
}

Result<bool> VerifiedReader::Matches(std::span<const std::uint8_t> block,
                                     std::span<const std::uint8_t> hash) {
  ASSIGN_OR_RETURN(const Sha256Digest actual, hash_.Of(block));
  return std::equal(actual.begin(), actual.end(), hash.begin(), hash.end());
}

Result<const VerifiedReader::Kept*> VerifiedReader::HashBlock(
    std::uint32_t level, std::uint64_t number) {
  Kept& kept = kept_[level];
  if (kept.number == number) {
    return &kept;
  }
  kept.number.reset();
  kept.bad.reset();
  std::span<const std::uint8_t> expected = image_->verity().root_hash;
  if (level + 1 < kept_.size()) {
    ASSIGN_OR_RETURN(const Kept* const parent,
                     HashBlock(level + 1, number / kHashesPerBlock));
    kept.bad = parent->bad;
    expected = HashAt(parent->bytes, number);
  }
  const std::uint64_t offset = (image_->verity().hash_start_block +
                                image_->levels()[level].first_block + number) *
                               kVerityBlockSize;
  if (!kept.bad.has_value()) {
    RETURN_IF_ERROR(image_->ReadUnchecked(offset, kept.bytes, &cipher_));
    ASSIGN_OR_RETURN(const bool matches, Matches(kept.bytes, expected));
    if (!matches) {
      kept.bad = BadBlock{level, number, image_->ImageOffset(offset)};
    }
  }
  kept.number = number;
  return &kept;
}

// Data blocks that share one hash block.
Result<void> VerifiedReader::CheckGroup(std::uint64_t block,
                                        std::span<const std::uint8_t> bytes,
                                        const Sink& sink) {
  const Kept* parent = nullptr;
  if (!kept_.empty()) {
    ASSIGN_OR_RETURN(parent, HashBlock(0, block / kHashesPerBlock));
    if (parent->bad.has_value()) {
      sink(*parent->bad, bytes.size() / kVerityBlockSize);
      return {};
    }
  }
  for (; !bytes.empty(); bytes = bytes.subspan(kVerityBlockSize), ++block) {
    const std::span<const std::uint8_t> expected =
        parent == nullptr
            ? std::span<const std::uint8_t>(image_->verity().root_hash)
            : HashAt(parent->bytes, block);
    ASSIGN_OR_RETURN(const bool matches,
                     Matches(bytes.first(kVerityBlockSize), expected));
    if (!matches) {
      sink({std::nullopt, block, image_->ImageOffset(block * kVerityBlockSize)},
           1);
    }
  }
  return {};
}

Result<void> VerifiedReader::Check(std::uint64_t first_block,
                                   std::span<std::uint8_t> bytes,
                                   const Sink& sink) {
  RETURN_IF_ERROR(
      image_->ReadUnchecked(first_block * kVerityBlockSize, bytes, &cipher_));
  std::uint64_t block = first_block;
  for (std::span<const std::uint8_t> rest = bytes; !rest.empty();) {
    const std::uint64_t group =
        std::min<std::uint64_t>(kHashesPerBlock - block % kHashesPerBlock,
                                rest.size() / kVerityBlockSize);
    const std::size_t size = group * kVerityBlockSize;
    RETURN_IF_ERROR(CheckGroup(block, rest.first(size), sink));
    rest = rest.subspan(size);
    block += group;
  }
  return {};
}

Result<void> VerifiedReader::Read(std::uint64_t first_block,
                                  std::span<std::uint8_t> bytes) {
  std::optional<BadBlock> first;
  RETURN_IF_ERROR(
      Check(first_block, bytes,
            [&first](const BadBlock& bad, std::uint64_t /*spoiled*/) {
              if (!first.has_value()) {
                first = bad;
              }
            }));
  if (first.has_value()) {
    std::fill(bytes.begin(), bytes.end(), 0);
    return Error(Reason::kImageCorrupt, "image '" + image_->path().string() +
                                            "': " + Describe(*first) +
                                            " is not what was packed");
  }
  return {};
}

}  // namespace tdxvfs::image
