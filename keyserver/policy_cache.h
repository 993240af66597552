// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_POLICY_CACHE_H_
#define TDXVFS_KEYSERVER_POLICY_CACHE_H_

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "attest/policy/measurement_policy.h"
#include "common/result.h"

namespace tdxvfs::keyserver {

// Policies that were parsed before, by their whole text: what the store gives
// out decides, and the same text never means anything else. Thread-safe.
class PolicyCache {
 public:
  using Policy = std::shared_ptr<const policy::MeasurementPolicy>;

  // At most 64 KiB of text each.
  static constexpr std::size_t kMaxPolicies = 64;

  // The policy that `json` is, for as long as the caller holds it. Fails as
  // MeasurementPolicy::Parse; a failure is not remembered.
  Result<Policy> Parsed(const std::string& json);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, Policy> policies_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_POLICY_CACHE_H_
