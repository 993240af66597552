// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_EVENT_LOG_REPLAY_H_
#define TDXVFS_ATTEST_EVENT_LOG_REPLAY_H_

#include <array>

#include "attest/check.h"
#include "attest/event_log/event_log.h"
#include "attest/quote.h"
#include "common/result.h"

namespace tdxvfs::event_log {

using Registers = std::array<Sha384Digest, 4>;

// What RTMR0 to RTMR3 hold after every event of the log: from zeroes, RTMR =
// SHA-384(RTMR || digest) for each event of that register. Fails with
// kInternal only.
Result<Registers> Replay(const EventLog& log);

// Whether the log leads to the registers of a genuine report: one check for
// each of RTMR0, RTMR1 and RTMR2. RTMR3 is exempt, since programs extend it at
// run time and no log tells. Fails with kInternal only.
Result<attest::Checks> CheckReplay(const EventLog& log,
                                   const attest::TdReport& report);

// Reads a log and checks that it leads to the report. Adds the checks to
// `checks` when that is not null. Fails with kQuoteInvalid when the log is
// malformed or leads elsewhere: then it is not this guest's log (threat A11).
Result<EventLog> ReadReplayed(std::span<const std::uint8_t> bytes,
                              const attest::TdReport& report,
                              attest::Checks* checks);

}  // namespace tdxvfs::event_log

#endif  // TDXVFS_ATTEST_EVENT_LOG_REPLAY_H_
