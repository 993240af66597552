// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_SERVICE_LOG_H_
#define TDXVFS_COLLATERAL_SERVICE_LOG_H_

#include <chrono>

#include "collateral/set_entry.h"
#include "collateral/set_name.h"
#include "common/clock.h"
#include "common/error.h"

namespace tdxvfs::collateral {

// The lines that a collateral service writes to the log (docs/events.md).
void LogFetched(const SetName& name, const SetEntry& entry);
// `wait`: until the next try.
void LogRefreshFailed(const SetName& name, const SetEntry& entry,
                      const Error& error, SetEntry::Time now,
                      std::chrono::milliseconds wait);
// Once a day from kExpiryWarning before a set expires.
void LogExpiring(const SetName& name, SetEntry* entry, const Clock& clock);
// A refusal for a set out of date, at most once an hour.
void LogExpired(const SetName& name, SetEntry* entry, SetEntry::Steady now);
void LogCacheRefused(const SetName& name, const Error& error);
void LogNotKept(const SetName& name, const Error& error);

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_SERVICE_LOG_H_
