// SPDX-License-Identifier: Apache-2.0
#include "common/event.h"

namespace tdxvfs {
namespace {

using enum Event;

constexpr std::array<EventInfo, kEventCount> kEvents{{
    {kUnlockAttempt, "unlock-attempt",
     "an attempt to unlock a volume failed; says when the next one comes"},
    {kUnlocked, "unlocked", "a volume was opened and mounted"},
    {kAlreadyOpen, "already-open",
     "unlock found the volume open already and changed nothing"},
    {kLocked, "locked", "a volume was unmounted and closed"},
    {kLockFailed, "lock-failed", "a volume could not be closed"},
    {kChecked, "checked",
     "unlock --check was granted the key and opened nothing"},
    {kOutcomeUnrecorded, "outcome-unrecorded",
     "the volume is open, but the key server could not be told; its audit says "
     "unknown"},
    {kOpenWarning, "open-warning",
     "a volume opens, but not as it should: buffered instead of direct I/O, or "
     "a mount point that hides files"},
    {kUsageError, "usage-error", "the program was called wrongly"},
    {kConfigWarning, "config-warning",
     "the configuration is usable but says something worth a look"},
    {kServerStarted, "server-started", "the key server read its configuration"},
    {kServerReady, "server-ready", "the key server takes connections"},
    {kServerStopping, "server-stopping",
     "the key server takes no new streams and finishes those in flight"},
    {kServerStopped, "server-stopped", "the key server has ended"},
    {kServerFailed, "server-failed", "the key server could not start or go on"},
    {kAnchorNotIntel, "anchor-not-intel",
     "the trust anchor is not Intel's: quotes of a simulator are believed"},
    {kCollateralNone, "collateral-none",
     "collateral is switched off: TCB levels and revocation are not checked"},
    {kCollateralFetched, "collateral-fetched",
     "a new set of collateral was fetched, verified and put to use"},
    {kCollateralRefreshFailed, "collateral-refresh-failed",
     "collateral could not be fetched or was refused; a set that is still "
     "valid goes on serving"},
    {kCollateralExpiring, "collateral-expiring",
     "collateral expires within ten days and was not renewed"},
    {kCollateralExpired, "collateral-expired",
     "a guest was refused because the collateral of its platform is out of "
     "date"},
    {kCollateralCache, "collateral-cache",
     "collateral on disk was damaged, out of date or could not be written"},
    {kReleased, "released", "a key was released to a guest"},
    {kRefused, "refused", "a guest was refused"},
    {kPeerLimited, "peer-limited",
     "a peer was above its limit and was refused without a record"},
    {kOutcome, "outcome", "a guest reported what became of a grant"},
    {kAdminChange, "admin-change",
     "an administrator changed a key, a version or a policy"},
    {kAdminCall, "admin-call",
     "an administrator called the key server; says what, by whom and how it "
     "ended"},
    {kAdminRefused, "admin-refused",
     "a client certificate was refused, or its role does not allow the call"},
    {kReloaded, "reloaded", "the key server took its new configuration"},
    {kReloadRefused, "reload-refused",
     "the new configuration was refused; the old one stays in force"},
    {kAuditFailed, "audit-failed",
     "a decision could not be recorded; nothing was released"},
    {kAuditHead, "audit-head",
     "the audit log's newest signed head, to be kept elsewhere"},
    {kAuditHeadNotKept, "audit-head-not-kept",
     "the newest signed head could not be kept beside the audit key; the one "
     "before stays, and records go on"},
    {kStoreUntended, "store-untended",
     "which guests came could not be noted, or a deleted passphrase not yet "
     "destroyed; tried again within seconds"},
    {kAuditDiskShort, "audit-disk-short",
     "the audit log's disk has no room to keep some back for the records of "
     "releases; refusals are not recorded meanwhile"},
}};

constexpr bool EventsAreInOrder() {
  for (std::size_t i = 0; i < kEvents.size(); ++i) {
    if (static_cast<std::size_t>(kEvents[i].event) != i) {
      return false;
    }
  }
  return true;
}
static_assert(EventsAreInOrder(), "the event table follows the enum's order");

}  // namespace

const std::array<EventInfo, kEventCount>& AllEvents() { return kEvents; }

const EventInfo& InfoOf(Event event) {
  return kEvents.at(static_cast<std::size_t>(event));
}

}  // namespace tdxvfs
