// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/convergence.h"

#include <algorithm>

namespace tdxvfs::verify {
namespace {

using attest::TcbStatus;

bool Contains(std::span<const TcbStatus> statuses, TcbStatus status) {
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

bool IsOutOfDate(TcbStatus status) {
  return status == TcbStatus::kOutOfDate ||
         status == TcbStatus::kOutOfDateConfigurationNeeded;
}

bool NeedsConfiguration(TcbStatus status) {
  return status == TcbStatus::kConfigurationNeeded ||
         status == TcbStatus::kConfigurationAndSwHardeningNeeded ||
         status == TcbStatus::kOutOfDateConfigurationNeeded;
}

// Of the statuses at which a running TD counts as mended.
bool IsUpToDateAtLeastInPart(TcbStatus status) {
  return status == TcbStatus::kUpToDate ||
         status == TcbStatus::kSwHardeningNeeded ||
         status == TcbStatus::kConfigurationNeeded ||
         status == TcbStatus::kConfigurationAndSwHardeningNeeded;
}

}  // namespace

TcbStatus Converge(TcbStatus platform, std::span<const TcbStatus> components) {
  if (Contains(components, TcbStatus::kRevoked)) {
    return TcbStatus::kRevoked;
  }
  if (!Contains(components, TcbStatus::kOutOfDate)) {
    return platform;
  }
  switch (platform) {
    case TcbStatus::kUpToDate:
    case TcbStatus::kSwHardeningNeeded:
      return TcbStatus::kOutOfDate;
    case TcbStatus::kConfigurationNeeded:
    case TcbStatus::kConfigurationAndSwHardeningNeeded:
      return TcbStatus::kOutOfDateConfigurationNeeded;
    default:
      return platform;
  }
}

TcbStatus ConvergeRelaunch(TcbStatus launch, TcbStatus current) {
  if (!IsOutOfDate(launch) || !IsUpToDateAtLeastInPart(current)) {
    return launch;
  }
  return NeedsConfiguration(launch) || NeedsConfiguration(current)
             ? TcbStatus::kTdRelaunchAdvisedConfigurationNeeded
             : TcbStatus::kTdRelaunchAdvised;
}

std::chrono::system_clock::time_point EarliestDate(
    std::span<const TcbLevelOutcome* const> outcomes) {
  return (*std::min_element(
              outcomes.begin(), outcomes.end(),
              [](const TcbLevelOutcome* left, const TcbLevelOutcome* right) {
                return left->date < right->date;
              }))
      ->date;
}

std::vector<std::string> AllAdvisories(
    std::span<const TcbLevelOutcome* const> outcomes) {
  std::vector<std::string> all;
  for (const TcbLevelOutcome* outcome : outcomes) {
    all.insert(all.end(), outcome->advisory_ids.begin(),
               outcome->advisory_ids.end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace tdxvfs::verify
