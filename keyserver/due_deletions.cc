// SPDX-License-Identifier: Apache-2.0
#include "keyserver/due_deletions.h"

#include <vector>

#include "common/log.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::chrono::hours kDueFor{1};

}  // namespace

// A damaged record keeps no other one from being destroyed; the caller is told
// of the first of them behind all others.
Result<void> DueDeletions::Run() {
  const auto now = clock_->Now();
  const auto steady = clock_->Steady();
  ASSIGN_OR_RETURN(const auto due, store_->ListDue(now));
  std::map<Name, std::chrono::steady_clock::time_point> still_due;
  Result<void> damaged;
  for (const Listed<VersionRecord>& version : due) {
    if (!version.record.has_value()) {
      damaged = damaged.has_value() ? version.record.error() : damaged;
      continue;
    }
    const Name name(version.volume, version.number);
    const auto known = due_since_.find(name);
    const auto since = known == due_since_.end() ? steady : known->second;
    if (steady - since < kDueFor) {
      still_due.emplace(name, since);
      continue;
    }
    ASSIGN_OR_RETURN(const bool destroyed,
                     store_->Destroy(version.volume, version.number, now));
    // Otherwise somebody undeleted it meanwhile.
    if (destroyed) {
      Log(LogLevel::kInfo, Event::kAdminChange,
          "volume '" + version.volume + "': passphrase of deleted version " +
              std::to_string(version.number) + " destroyed",
          {.volume = version.volume});
    }
  }
  due_since_ = std::move(still_due);
  return damaged;
}

}  // namespace tdxvfs::keyserver
