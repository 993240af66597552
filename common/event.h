// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_EVENT_H_
#define TDXVFS_COMMON_EVENT_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace tdxvfs {

// What can be logged, by name. docs/events.md has a row for each; a test
// compares the two. Add a row in event.cc and in the document together.
enum class Event : std::uint8_t {
  // Guest
  kUnlockAttempt,
  kUnlocked,
  kAlreadyOpen,
  kLocked,
  kLockFailed,
  kChecked,
  kOutcomeUnrecorded,
  kOpenWarning,
  kUsageError,
  kConfigWarning,
  // Key server
  kServerStarted,
  kServerReady,
  kServerStopping,
  kServerStopped,
  kServerFailed,
  kAnchorNotIntel,
  kCollateralNone,
  kCollateralFetched,
  kCollateralRefreshFailed,
  kCollateralExpiring,
  kCollateralExpired,
  kCollateralCache,
  kReleased,
  kRefused,
  kPeerLimited,
  kOutcome,
  kAdminChange,
  kAdminCall,
  kAdminRefused,
  kReloaded,
  kReloadRefused,
  kAuditFailed,
  kAuditHead,
  kAuditHeadNotKept,
  kStoreUntended,
  kAuditDiskShort,
};

struct EventInfo {
  Event event;
  std::string_view slug;
  std::string_view meaning;
};

inline constexpr std::size_t kEventCount =
    static_cast<std::size_t>(Event::kAuditDiskShort) + 1;

const std::array<EventInfo, kEventCount>& AllEvents();
const EventInfo& InfoOf(Event event);

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_EVENT_H_
