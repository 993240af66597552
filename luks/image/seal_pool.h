// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_SEAL_POOL_H_
#define TDXVFS_LUKS_IMAGE_SEAL_POOL_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "common/result.h"
#include "common/secret.h"
#include "common/sha256.h"
#include "luks/image/direct_io.h"
#include "luks/image/sector_cipher.h"
#include "luks/image/verity_hash.h"

namespace tdxvfs::image {

inline constexpr std::size_t kSealPiece = 1048576;  // bytes

// Whole blocks of a volume in the clear, and where they go.
struct SealPiece {
  std::uint64_t offset = 0;  // bytes into the LUKS segment
  std::size_t size = 0;      // of what is used of the buffer
  bool is_data = true;       // its blocks are hashed
  DirectBytes buffer = DirectBytes(kSealPiece);
  std::vector<Sha256Digest> hashes{};

  std::span<std::uint8_t> bytes() { return std::span(buffer).first(size); }
};

// Where a segment lies.
struct SealTarget {
  int descriptor = -1;       // of the caller
  std::uint64_t offset = 0;  // of the segment, bytes
  std::string name;          // for errors
};

// Hashes, encrypts and writes pieces on all cores, around the page cache where
// that works. The pieces form a ring of fixed size, so that memory does not
// grow with the image and their hashes come back in the order in which the
// pieces were given. One caller's thread.
class SealPool {
 public:
  // Called on the caller's thread for each piece that is written, in order.
  using Written = std::function<Result<void>(const SealPiece&)>;

  // `key`: 64 bytes. Fails with kUsage (salt) or kInternal.
  static Result<std::unique_ptr<SealPool>> Start(
      SealTarget target, const Secret& key, std::span<const std::uint8_t> salt,
      Written written);
  SealPool(const SealPool&) = delete;
  SealPool& operator=(const SealPool&) = delete;
  ~SealPool();

  // The next piece, empty, to fill and Submit; waits for the oldest one. Fails
  // with what a worker failed with: kNoSpace, kIoError, kInternal.
  Result<SealPiece*> Next();
  // Hands over the piece that Next gave.
  void Submit();
  // Waits until every piece is written.
  Result<void> Drain();

 private:
  struct Worker {
    SectorCipher cipher;
    VerityHash hash;
  };
  SealPool(SealTarget target, Written written)
      : offset_(target.offset),
        output_(target.descriptor, target.offset, std::move(target.name)),
        written_(std::move(written)) {}
  void Work(Worker* worker);
  Result<void> Seal(Worker* worker, SealPiece* piece) const;
  Result<void> CollectOldest();

  const std::uint64_t offset_;  // of the segment in the target
  const DirectOutput output_;
  const Written written_;
  std::vector<SealPiece> ring_;
  std::vector<Worker> workers_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Pieces are counted from the first; each lies at its number modulo the
  // ring's size. collected_ <= taken_ <= submitted_ <= collected_ + size.
  std::uint64_t collected_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t submitted_ = 0;
  std::vector<bool> done_;
  bool stopping_ = false;
  std::optional<Error> failure_;
  std::vector<std::jthread> threads_;  // last: ends before what it uses
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_SEAL_POOL_H_
