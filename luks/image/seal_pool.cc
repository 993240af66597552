// SPDX-License-Identifier: Apache-2.0
#include "luks/image/seal_pool.h"

#include <algorithm>
#include <utility>

#include "luks/image/luks2_header.h"
#include "luks/image/worker_threads.h"

namespace tdxvfs::image {
namespace {

// One thread feeds them all and is the limit long before; each has two pieces
// in the ring, so this bounds memory as well.
constexpr unsigned kMaxSealers = 32;

}  // namespace

Result<std::unique_ptr<SealPool>> SealPool::Start(
    SealTarget target, const Secret& key, std::span<const std::uint8_t> salt,
    Written written) {
  std::unique_ptr<SealPool> pool(
      new SealPool(std::move(target), std::move(written)));
  // A thread that writes directly waits for the disk.
  const unsigned for_each_core = pool->output_.is_direct() ? 2 : 1;
  const unsigned threads = std::clamp(
      for_each_core * std::thread::hardware_concurrency(), 1U, kMaxSealers);
  for (unsigned i = 0; i < threads; ++i) {
    ASSIGN_OR_RETURN(SectorCipher cipher,
                     SectorCipher::Create(key, kCryptSectorSize,
                                          SectorCipher::Direction::kEncrypt));
    ASSIGN_OR_RETURN(VerityHash hash, VerityHash::Create(salt));
    pool->workers_.push_back({std::move(cipher), std::move(hash)});
  }
  pool->ring_.resize(std::size_t{2} * threads + 2);
  pool->done_.assign(pool->ring_.size(), false);
  ASSIGN_OR_RETURN(
      pool->threads_,
      StartThreads(threads, [self = pool.get()](std::size_t number) {
        self->Work(&self->workers_[number]);
      }));
  return pool;
}

SealPool::~SealPool() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

Result<void> SealPool::Seal(Worker* worker, SealPiece* piece) const {
  const std::span<std::uint8_t> bytes = piece->bytes();
  piece->hashes.clear();
  for (std::size_t at = 0; piece->is_data && at < bytes.size();
       at += kVerityBlockSize) {
    ASSIGN_OR_RETURN(const Sha256Digest hash,
                     worker->hash.Of(bytes.subspan(at, kVerityBlockSize)));
    piece->hashes.push_back(hash);
  }
  RETURN_IF_ERROR(worker->cipher.Process(piece->offset, bytes));
  return output_.Write(offset_ + piece->offset, bytes);
}

void SealPool::Work(Worker* worker) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || taken_ < submitted_; });
    if (stopping_) {
      return;
    }
    const std::size_t slot = taken_++ % ring_.size();
    lock.unlock();
    auto sealed = Seal(worker, &ring_[slot]);
    lock.lock();
    done_[slot] = true;
    if (!sealed.has_value() && !failure_.has_value()) {
      failure_ = std::move(sealed).error();
    }
    changed_.notify_all();
  }
}

Result<void> SealPool::CollectOldest() {
  const std::size_t slot = collected_ % ring_.size();
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_.has_value() || done_[slot]; });
    if (failure_.has_value()) {
      return *failure_;
    }
    done_[slot] = false;
    ++collected_;
  }
  return written_(ring_[slot]);
}

Result<SealPiece*> SealPool::Next() {
  if (submitted_ - collected_ == ring_.size()) {
    RETURN_IF_ERROR(CollectOldest());
  }
  SealPiece& piece = ring_[submitted_ % ring_.size()];
  piece.size = 0;
  return &piece;
}

void SealPool::Submit() {
  const std::lock_guard lock(mutex_);
  ++submitted_;
  changed_.notify_all();
}

Result<void> SealPool::Drain() {
  while (collected_ < submitted_) {
    RETURN_IF_ERROR(CollectOldest());
  }
  return {};
}

}  // namespace tdxvfs::image
