// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_VOLUME_RATE_H_
#define TDXVFS_KEYSERVER_VOLUME_RATE_H_

#include <mutex>
#include <string>
#include <unordered_map>

#include "common/clock.h"
#include "common/result.h"
#include "keyserver/token_bucket.h"

namespace tdxvfs::keyserver {

// Limits how often the keys of one volume are released. Ask only for guests
// that satisfy the volume's policy: then nobody else can use the limit up
// (A17). Thread-safe.
class VolumeRate {
 public:
  // `clock` outlives it.
  VolumeRate(const Rate& rate, const Clock* clock)
      : clock_(clock), rate_(rate) {}

  // Counts from now on. 0 a minute: no limit.
  void SetRate(const Rate& rate);
  // Fails with kServerOverloaded and the seconds to wait.
  Result<void> Take(const std::string& volume);

 private:
  const Clock* const clock_;
  std::mutex mutex_;
  Rate rate_;
  std::unordered_map<std::string, TokenBucket> buckets_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_VOLUME_RATE_H_
