// SPDX-License-Identifier: Apache-2.0
#include "collateral/service_log.h"

#include <string>

#include "common/json_text.h"
#include "common/log.h"
#include "common/time_left.h"

namespace tdxvfs::collateral {
namespace {

// Less than a day, so that a daily refresh warns each time.
constexpr std::chrono::hours kBetweenWarnings{20};
constexpr std::chrono::hours kBetweenRefusals{1};

LogFields ReasonField(const Error& error) {
  return {.reason = std::string(InfoOf(error.reason()).slug)};
}

bool IsRecent(const std::optional<SetEntry::Steady>& logged,
              SetEntry::Steady now, std::chrono::hours period) {
  return logged.has_value() && now - *logged < period;
}

}  // namespace

void LogFetched(const SetName& name, const SetEntry& entry) {
  Log(LogLevel::kInfo, Event::kCollateralFetched,
      "collateral " + name.ToText() + ": evaluation numbers " +
          std::to_string(entry.collateral->tcb_info().evaluation_number) +
          " and " +
          std::to_string(entry.collateral->qe_identity().evaluation_number) +
          ", expires " + JsonTime(entry.expires));
}

void LogRefreshFailed(const SetName& name, const SetEntry& entry,
                      const Error& error, SetEntry::Time now,
                      std::chrono::milliseconds wait) {
  std::string state = "there is none to serve with";
  if (entry.UsableAt(now)) {
    state = "the set at hand serves until " + JsonTime(entry.expires);
  }
  Log(LogLevel::kWarning, Event::kCollateralRefreshFailed,
      "collateral " + name.ToText() + ": " + error.ToString() + "; " + state +
          "; next try in " +
          std::to_string(
              std::chrono::ceil<std::chrono::seconds>(wait).count()) +
          " s",
      ReasonField(error));
}

void LogExpiring(const SetName& name, SetEntry* entry, const Clock& clock) {
  const SetEntry::Time now = clock.Now();
  if (entry->collateral == nullptr || now > entry->expires ||
      entry->expires - now > kExpiryWarning ||
      IsRecent(entry->warned, clock.Steady(), kBetweenWarnings)) {
    return;
  }
  entry->warned = clock.Steady();
  Log(LogLevel::kWarning, Event::kCollateralExpiring,
      "collateral " + name.ToText() + " expires " + JsonTime(entry->expires) +
          ", in " + TimeLeft(entry->expires - now) +
          "; then guests on such platforms are refused");
}

void LogExpired(const SetName& name, SetEntry* entry, SetEntry::Steady now) {
  if (IsRecent(entry->refused, now, kBetweenRefusals)) {
    return;
  }
  entry->refused = now;
  Log(LogLevel::kError, Event::kCollateralExpired,
      "collateral " + name.ToText() + " expired " + JsonTime(entry->expires) +
          ": guests on such platforms are refused; last failure: " +
          (entry->cause.empty() ? "none" : entry->cause));
}

void LogCacheRefused(const SetName& name, const Error& error) {
  Log(LogLevel::kWarning, Event::kCollateralCache,
      "collateral " + name.ToText() +
          " on disk is not used: " + error.ToString(),
      ReasonField(error));
}

void LogNotKept(const SetName& name, const Error& error) {
  Log(LogLevel::kWarning, Event::kCollateralCache,
      "collateral " + name.ToText() +
          " is not kept on disk: " + error.ToString(),
      ReasonField(error));
}

}  // namespace tdxvfs::collateral
