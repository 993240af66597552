// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_EVENT_LOG_CCEL_TABLE_H_
#define TDXVFS_ATTEST_EVENT_LOG_CCEL_TABLE_H_

#include <cstdint>
#include <span>

#include "common/result.h"

namespace tdxvfs::event_log {

// The ACPI table "CCEL" (ACPI 6.5, 5.2.34): where firmware left the log.
struct CcelTable {
  std::uint64_t log_size = 0;     // of the whole area, bytes
  std::uint64_t log_address = 0;  // guest-physical
};

// Reads the 56 bytes of the table. Fails with kQuoteInvalid when signature,
// length or checksum are wrong or it is not a TDX guest's (CC type 2).
Result<CcelTable> ParseCcelTable(std::span<const std::uint8_t> bytes);

}  // namespace tdxvfs::event_log

#endif  // TDXVFS_ATTEST_EVENT_LOG_CCEL_TABLE_H_
