// SPDX-License-Identifier: Apache-2.0
#include "luks/image/encrypt_data.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "luks/image/pending_file.h"
#include "luks/image/sector_cipher.h"

namespace tdxvfs::image {
namespace {

constexpr std::uint64_t kPieceSize = 4194304;  // bytes, per thread

Result<void> ReadAll(int source, std::uint64_t offset,
                     std::span<std::uint8_t> target) {
  while (!target.empty()) {
    const ssize_t got = ::pread(source, target.data(), target.size(),
                                static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return SystemError(Reason::kIoError, "read the file system image",
                         got < 0 ? errno : EIO);
    }
    target = target.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

// What the threads share: the next piece, what is done, the first failure.
class Progress {
 public:
  explicit Progress(std::uint64_t total) : total_(total) {}

  // The offset of a piece that nobody has taken yet, until all are taken or
  // one has failed.
  std::optional<std::uint64_t> Take() {
    const std::lock_guard lock(mutex_);
    if (next_ >= total_ || failure_.has_value()) {
      return std::nullopt;
    }
    return std::exchange(next_, next_ + kPieceSize);
  }
  void Done(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    done_ += bytes;
    changed_.notify_one();
  }
  void Fail(Error error) {
    const std::lock_guard lock(mutex_);
    if (!failure_.has_value()) {
      failure_ = std::move(error);
    }
    changed_.notify_one();
  }
  // Reports until everything is done or something failed.
  Result<void> Watch(
      const std::function<void(std::uint64_t, std::uint64_t)>& report) {
    std::uint64_t reported = 0;
    std::unique_lock lock(mutex_);
    while (!failure_.has_value() && reported < total_) {
      changed_.wait(lock, [&] { return failure_ || done_ != reported; });
      reported = done_;
      if (report) {
        lock.unlock();
        report(reported, total_);
        lock.lock();
      }
    }
    if (failure_.has_value()) {
      return *failure_;
    }
    return {};
  }

 private:
  const std::uint64_t total_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_ = 0;
  std::uint64_t done_ = 0;
  std::optional<Error> failure_;
};

Result<void> EncryptPieces(const EncryptJob& job, SectorCipher cipher,
                           Progress* progress) {
  std::vector<std::uint8_t> buffer(std::min(kPieceSize, job.size));
  while (const auto offset = progress->Take()) {
    const std::span<std::uint8_t> piece(
        buffer.data(), std::min(kPieceSize, job.size - *offset));
    RETURN_IF_ERROR(ReadAll(job.source, *offset, piece));
    RETURN_IF_ERROR(cipher.Process(*offset, piece));
    RETURN_IF_ERROR(WriteAll(job.target, job.target_offset + *offset, piece));
    progress->Done(piece.size());
  }
  return {};
}

}  // namespace

Result<void> EncryptData(
    const EncryptJob& job, const Secret& volume_key,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const std::uint64_t pieces = (job.size + kPieceSize - 1) / kPieceSize;
  const auto threads =
      std::clamp<std::uint64_t>(std::thread::hardware_concurrency(), 1,
                                std::max<std::uint64_t>(pieces, 1));
  std::vector<SectorCipher> ciphers;
  for (std::uint64_t i = 0; i < threads; ++i) {
    ASSIGN_OR_RETURN(SectorCipher cipher,
                     SectorCipher::Create(volume_key, job.sector_size,
                                          SectorCipher::Direction::kEncrypt));
    ciphers.push_back(std::move(cipher));
  }
  Progress shared(job.size);
  std::vector<std::jthread> workers;
  workers.reserve(ciphers.size());
  for (SectorCipher& cipher : ciphers) {
    workers.emplace_back([&job, &shared, &cipher] {
      auto result = EncryptPieces(job, std::move(cipher), &shared);
      if (!result.has_value()) {
        shared.Fail(std::move(result).error());
      }
    });
  }
  return shared.Watch(progress);
}

}  // namespace tdxvfs::image
