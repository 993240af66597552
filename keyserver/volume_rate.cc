// SPDX-License-Identifier: Apache-2.0
#include "keyserver/volume_rate.h"

#include <iterator>

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kMaxVolumes = 65536;

}  // namespace

void VolumeRate::SetRate(const Rate& rate) {
  const std::lock_guard lock(mutex_);
  rate_ = rate;
}

Result<void> VolumeRate::Take(const std::string& volume) {
  const std::lock_guard lock(mutex_);
  if (rate_.per_minute == 0) {
    return {};
  }
  const TokenBucket::TimePoint now = clock_->Steady();
  if (buckets_.size() >= kMaxVolumes) {
    for (auto entry = buckets_.begin(); entry != buckets_.end();) {
      entry = entry->second.IsFull(rate_, now) ? buckets_.erase(entry)
                                               : std::next(entry);
    }
  }
  const auto [entry, is_new] = buckets_.try_emplace(volume);
  if (is_new) {
    entry->second.Fill(rate_, now);
  }
  if (const std::uint32_t wait = entry->second.Take(rate_, now); wait != 0) {
    return Error(Reason::kServerOverloaded, "too many releases of this volume")
        .WithRetryAfter(wait);
  }
  return {};
}

}  // namespace tdxvfs::keyserver
