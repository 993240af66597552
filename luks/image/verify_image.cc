// SPDX-License-Identifier: Apache-2.0
#include "luks/image/verify_image.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

namespace tdxvfs::image {
namespace {

// A multiple of what one hash block covers (512 KiB), so that no two threads
// need the same one of the lowest level.
constexpr std::uint64_t kVerifyPiece = 1048576;  // bytes

// What all threads found. Every hash block stands above some data block, so
// all of the tree is read on the way to the data.
class Findings {
 public:
  void Add(const BadBlock& bad, std::uint64_t data_blocks) {
    const std::lock_guard lock(mutex_);
    if (!bad.level.has_value()) {
      ++found_.bad_data_blocks;
      Keep(bad);
      return;
    }
    found_.unjudged_data_blocks += data_blocks;
    // One of the lowest level belongs to one piece, those above to many.
    if (*bad.level == 0 || upper_.insert(bad.image_offset).second) {
      ++found_.bad_hash_blocks;
      Keep(bad);
    }
  }
  Verification Take() {
    found_.bad.assign(kept_.begin(), kept_.end());
    return std::move(found_);
  }

 private:
  struct ByPlace {
    bool operator()(const BadBlock& left, const BadBlock& right) const {
      return left.image_offset < right.image_offset;
    }
  };
  void Keep(const BadBlock& bad) {
    kept_.insert(bad);
    if (kept_.size() > kMaxBadBlocks) {
      kept_.erase(std::prev(kept_.end()));
    }
  }
  std::mutex mutex_;
  Verification found_;
  std::set<BadBlock, ByPlace> kept_;
  std::set<std::uint64_t> upper_;  // hash blocks above the lowest level
};

class CheckPieces : public PieceWorker {
 public:
  CheckPieces(std::unique_ptr<VerifiedReader> reader, Findings* findings)
      : reader_(std::move(reader)),
        findings_(findings),
        buffer_(kVerifyPiece) {}

  Result<void> Work(std::uint64_t offset, std::uint64_t length) override {
    return reader_->Check(
        offset / kVerityBlockSize, std::span(buffer_).first(length),
        [this](const BadBlock& bad, std::uint64_t data_blocks) {
          findings_->Add(bad, data_blocks);
        });
  }

 private:
  std::unique_ptr<VerifiedReader> reader_;
  Findings* findings_;
  DirectBytes buffer_;
};

}  // namespace

Result<Verification> VerifyImage(const SealedImage& image,
                                 const PieceProgress& progress) {
  Findings findings;
  RETURN_IF_ERROR(RunPieces(
      image.data_blocks() * kVerityBlockSize, kVerifyPiece,
      [&]() -> Result<std::unique_ptr<PieceWorker>> {
        ASSIGN_OR_RETURN(auto reader, VerifiedReader::Create(&image));
        return std::unique_ptr<PieceWorker>(
            new CheckPieces(std::move(reader), &findings));
      },
      progress));
  return findings.Take();
}

}  // namespace tdxvfs::image
