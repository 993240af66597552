// SPDX-License-Identifier: Apache-2.0
#include "keyserver/policy_cache.h"

#include <utility>

namespace tdxvfs::keyserver {

Result<PolicyCache::Policy> PolicyCache::Parsed(const std::string& json) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = policies_.find(json); known != policies_.end()) {
      return known->second;
    }
  }
  ASSIGN_OR_RETURN(policy::MeasurementPolicy parsed,
                   policy::MeasurementPolicy::Parse(json));
  auto policy =
      std::make_shared<const policy::MeasurementPolicy>(std::move(parsed));
  const std::lock_guard lock(mutex_);
  // Which are in use shows at once when all are asked for anew.
  if (policies_.size() >= kMaxPolicies) {
    policies_.clear();
  }
  policies_.emplace(json, policy);
  return policy;
}

}  // namespace tdxvfs::keyserver
