// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_EVENT_RULES_H_
#define TDXVFS_ATTEST_POLICY_EVENT_RULES_H_

#include <array>
#include <map>
#include <string>
#include <vector>

#include "attest/check.h"
#include "attest/event_log/event_kind.h"
#include "attest/event_log/event_log.h"
#include "common/result.h"

namespace tdxvfs::policy {

class JsonMember;

// The member "events" of a policy: digests that the guest's event log may have.
// They narrow what the registers allow and explain a difference; since types
// and data of events are not hashed, they never stand in for a register.
struct EventRules {
  using Digests = std::vector<event_log::Sha384Digest>;
  // By what an event is about: there is at least one such event and each has
  // one of these digests.
  std::map<event_log::EventKind, Digests> by_kind;
  // By the RTMR that an event was extended into, likewise.
  std::array<Digests, 4> by_rtmr;

  bool empty() const;
};

// Fails with kPolicyInvalid naming the path.
Result<EventRules> ReadEventRules(const JsonMember& member);

// One event of a log that leads to the quote's registers.
struct LoggedEvent {
  std::size_t rtmr = 0;
  event_log::EventKind kind = event_log::EventKind::kOther;
  event_log::Sha384Digest digest{};
};

// The events of a log that extended a register. Fails with kInternal only.
Result<std::vector<LoggedEvent>> LoggedEvents(const event_log::EventLog& log);

// One check for each rule; all fail where `events` is null, since the guest
// sent no log then.
attest::Checks CheckEvents(const EventRules& rules,
                           const std::vector<LoggedEvent>* events);

// What differs in one RTMR from the events that the policy names, for people:
// "kernel command line, initrd"; empty when none of them differs.
std::string DifferingEvents(const EventRules& rules,
                            const std::vector<LoggedEvent>& events,
                            std::size_t rtmr);

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_EVENT_RULES_H_
