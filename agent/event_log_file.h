// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_EVENT_LOG_FILE_H_
#define TDXVFS_AGENT_EVENT_LOG_FILE_H_

#include <cstdint>
#include <filesystem>
#include <vector>

#include "common/result.h"

namespace tdxvfs::agent {

// The largest event log that is sent, in bytes; servers take no more.
inline constexpr std::size_t kMaxSentEventLog = std::size_t{256} * 1024;

// The log area that the ACPI table CCEL points to, as the kernel shows it
// (Documentation/ABI/testing/sysfs-firmware-acpi, data/CCEL), as bytes: the
// agent never parses it. Of the fill at its end, which firmware writes before
// the log and which is most of the file, at most 4 KiB are kept. Empty when
// there is no such file: then the platform has no log. Fails with
// kFileUnreadable and, for more than kMaxSentEventLog, with kFileInvalid.
Result<std::vector<std::uint8_t>> ReadEventLog(
    const std::filesystem::path& path);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_EVENT_LOG_FILE_H_
