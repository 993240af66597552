// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SEALED_SINK_H_
#define TDXVFS_LUKS_IMAGE_SEALED_SINK_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "common/result.h"
#include "common/secret.h"
#include "common/sha256.h"
#include "luks/image/hash_spill.h"
#include "luks/image/image_sink.h"
#include "luks/image/seal_pool.h"
#include "luks/verity_parameters.h"

namespace tdxvfs::image {

// The LUKS segment of a volume: takes a file system image, hashes and encrypts
// it on all cores and writes it, and behind it the dm-verity tree over it.
// Nothing in the clear reaches a disk; memory does not grow with the image.
class SealedSink : public ImageSink {
 public:
  // `folder`: for what does not fit into memory (see HashSpill). Fails with
  // kUsage (a salt above 256 bytes) or kInternal.
  static Result<std::unique_ptr<SealedSink>> Create(
      SealTarget target, const Secret& volume_key,
      std::vector<std::uint8_t> salt, const std::filesystem::path& folder);

  // Fail with kNoSpace, kIoError, kPermission, kInternal.
  Result<void> Append(std::span<const std::uint8_t> bytes) override;
  Result<void> PutFirstBlock(std::span<const std::uint8_t> block) override;

  // Writes the tree and says how to open it. To be called once, after
  // PutFirstBlock; the caller syncs.
  Result<luks::VerityParameters> Finish();
  // Bytes of the segment, file system and tree; after Finish.
  std::uint64_t size() const { return size_; }

 private:
  SealedSink(HashSpill spill, std::vector<std::uint8_t> salt)
      : spill_(std::move(spill)), salt_(std::move(salt)) {}
  Result<void> Submit();
  Result<void> Put(std::uint64_t offset, bool is_data,
                   std::span<const std::uint8_t> bytes);
  Result<Sha256Digest> WriteTree(std::uint64_t data_blocks);

  HashSpill spill_;
  const std::vector<std::uint8_t> salt_;
  std::uint64_t position_ = kImageBlockSize;
  std::uint64_t size_ = 0;
  Sha256Digest first_hash_{};
  SealPiece* piece_ = nullptr;  // being filled; of the pool
  std::unique_ptr<SealPool> pool_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SEALED_SINK_H_
