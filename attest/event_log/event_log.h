// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_EVENT_LOG_EVENT_LOG_H_
#define TDXVFS_ATTEST_EVENT_LOG_EVENT_LOG_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "attest/event_log/sha384.h"
#include "common/result.h"

namespace tdxvfs::event_log {

// The largest log that is looked at, fill included, in bytes.
inline constexpr std::size_t kMaxEventLogSize = std::size_t{256} * 1024;

// TCG PC Client Platform Firmware Profile, 10.4.1: events of this type carry
// information for the reader of the log and extend nothing.
inline constexpr std::uint32_t kEvNoAction = 0x00000003;

// One record of the log. Nothing here is hashed into a register but the
// digest: index, type and data are the word of whoever wrote the log.
struct Event {
  // 0 is MRTD, 1 to 4 are RTMR0 to RTMR3 (UEFI 2.10, 38.4.1); anything else
  // belongs to no register.
  std::uint32_t mr_index = 0;
  std::uint32_t type = 0;
  Sha384Digest digest{};  // zeroes where the record has none
  std::vector<std::uint8_t> data;

  // The RTMR that this event was extended into, 0 to 3; nothing for
  // EV_NO_ACTION and for records of no RTMR.
  std::optional<std::size_t> rtmr() const;
};

// A parsed log, as the firmware wrote it.
struct EventLog {
  std::vector<Event> events;
  // Up to the end of the last record, without the fill behind it; hash and
  // keep this many bytes.
  std::size_t size = 0;
};

// Reads the log area that the CCEL table points to: a TCG crypto-agile log
// (TCG PC Client Platform Firmware Profile 1.06, 10.2) of at most
// kMaxEventLogSize bytes. Its first record must be a "Spec ID Event03" that
// declares SHA-384; digests of other algorithms are allowed where it declares
// them. Every record that extends an RTMR must have a SHA-384 digest. Behind
// the last record only 00 and ff bytes may follow: otherwise two different logs
// would have one verdict. Fails with kQuoteInvalid, naming record and offset.
Result<EventLog> ParseEventLog(std::span<const std::uint8_t> bytes);

}  // namespace tdxvfs::event_log

#endif  // TDXVFS_ATTEST_EVENT_LOG_EVENT_LOG_H_
