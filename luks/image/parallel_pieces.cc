// SPDX-License-Identifier: Apache-2.0
#include "luks/image/parallel_pieces.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "luks/image/worker_threads.h"

namespace tdxvfs::image {
namespace {

// More would not pay: the disk is slower, and each has a buffer.
constexpr std::uint64_t kMaxWorkers = 64;
constexpr std::uint64_t kWorkersPerCore = 2;

// What the threads share: the next piece, what is done, the first failure.
class Pieces {
 public:
  Pieces(std::uint64_t total, std::uint64_t size)
      : total_(total), size_(size) {}

  struct Piece {
    std::uint64_t offset;
    std::uint64_t length;
  };
  // A piece that nobody has taken yet, until all are or one has failed.
  std::optional<Piece> Take() {
    const std::lock_guard lock(mutex_);
    if (next_ >= total_ || failure_.has_value()) {
      return std::nullopt;
    }
    const Piece piece{next_, std::min(size_, total_ - next_)};
    next_ += piece.length;
    return piece;
  }
  void Done(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    done_ += bytes;
    changed_.notify_one();
  }
  // Who was only stopped by another thread's failure may be here before it.
  void Fail(Error error) {
    const std::lock_guard lock(mutex_);
    if (!failure_.has_value() || failure_->reason() == Reason::kStopped) {
      failure_ = std::move(error);
    }
    changed_.notify_one();
  }
  // Until all is done or a thread has failed.
  void Watch(const PieceProgress& progress) {
    std::uint64_t shown = 0;
    std::unique_lock lock(mutex_);
    while (!failure_.has_value() && shown < total_) {
      changed_.wait(lock, [&] { return failure_ || done_ != shown; });
      shown = done_;
      if (progress) {
        lock.unlock();
        progress(shown, total_);
        lock.lock();
      }
    }
  }
  // When the threads have ended.
  Result<void> Outcome() const {
    if (failure_.has_value()) {
      return *failure_;
    }
    return {};
  }

 private:
  const std::uint64_t total_;
  const std::uint64_t size_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_ = 0;
  std::uint64_t done_ = 0;
  std::optional<Error> failure_;
};

void WorkOff(PieceWorker* worker, Pieces* pieces) {
  while (const auto piece = pieces->Take()) {
    auto worked = worker->Work(piece->offset, piece->length);
    if (!worked.has_value()) {
      pieces->Fail(std::move(worked).error());
      return;
    }
    pieces->Done(piece->length);
  }
}

}  // namespace

Result<void> RunPieces(std::uint64_t size, std::uint64_t piece_size,
                       const MakePieceWorker& make,
                       const PieceProgress& progress) {
  const std::uint64_t pieces = (size + piece_size - 1) / piece_size;
  const std::uint64_t most = std::clamp<std::uint64_t>(
      kWorkersPerCore * std::thread::hardware_concurrency(), 1, kMaxWorkers);
  std::vector<std::unique_ptr<PieceWorker>> workers;
  while (workers.size() < std::min(most, pieces)) {
    ASSIGN_OR_RETURN(auto worker, make());
    workers.push_back(std::move(worker));
  }
  Pieces shared(size, piece_size);
  ASSIGN_OR_RETURN(std::vector<std::jthread> threads,
                   StartThreads(workers.size(), [&](std::size_t number) {
                     WorkOff(workers[number].get(), &shared);
                   }));
  shared.Watch(progress);
  threads.clear();  // waits for them
  return shared.Outcome();
}

}  // namespace tdxvfs::image
