// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_PARALLEL_PIECES_H_
#define TDXVFS_LUKS_IMAGE_PARALLEL_PIECES_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "common/result.h"

namespace tdxvfs::image {

// What one thread does with the pieces that it is given; it lives on that
// thread alone.
class PieceWorker {
 public:
  PieceWorker() = default;
  PieceWorker(const PieceWorker&) = delete;
  PieceWorker& operator=(const PieceWorker&) = delete;
  virtual ~PieceWorker() = default;

  // Bytes [offset, offset + length).
  virtual Result<void> Work(std::uint64_t offset, std::uint64_t length) = 0;
};

using MakePieceWorker = std::function<Result<std::unique_ptr<PieceWorker>>()>;
// Bytes done so far and in all.
using PieceProgress =
    std::function<void(std::uint64_t done, std::uint64_t total)>;

// Hands the bytes [0, size) out in pieces, in ascending order, to two workers
// for each core: one works while the other waits for the disk. Returns the
// first failure, kStopped only if there is no other; the others end with the
// piece that they are at. `progress` (may be empty) is called on the caller's
// thread.
Result<void> RunPieces(std::uint64_t size, std::uint64_t piece_size,
                       const MakePieceWorker& make,
                       const PieceProgress& progress);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_PARALLEL_PIECES_H_
