// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_LOG_H_
#define TDXVFS_COMMON_LOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/event.h"
#include "common/result.h"

namespace tdxvfs {

enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };

// "error", "warning", "info" or "debug"; anything else is kUsage.
Result<LogLevel> ParseLogLevel(std::string_view text);

// What a log line is about; empty members are left out.
struct LogFields {
  std::string volume{};    // TDXVFS_VOLUME
  std::string reason{};    // TDXVFS_REASON, a slug
  std::string audit_id{};  // TDXVFS_AUDIT_ID
  std::string peer{};      // TDXVFS_PEER
  std::string author{};    // TDXVFS_AUTHOR, an administrator
};

// Chooses where lines go: the journal when standard error is connected to it
// (JOURNAL_STREAM), else standard error, as text on a terminal and as one JSON
// object a line otherwise. `program` names the lines. Call once in main;
// before it, lines go to standard error as text.
void StartLog(std::string program, LogLevel level);

// Changes the level while the program runs. Thread-safe.
void SetLogLevel(LogLevel level);

// One line. Never given a secret. Thread-safe.
void Log(LogLevel level, Event event, std::string_view message,
         const LogFields& fields = {});

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_LOG_H_
