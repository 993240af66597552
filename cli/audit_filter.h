// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_AUDIT_FILTER_H_
#define TDXVFS_CLI_AUDIT_FILTER_H_

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "cli/admin_client.h"
#include "cli/command.h"
#include "cli/console.h"
#include "common/result.h"

namespace tdxvfs::cli {

// The options that choose decisions on record, as the user writes them.
struct AuditFilterOptions {
  AuditQuery query;
  std::string since;
  std::string until;
};

// --volume, --reason, --peer, --since and --until.
void AddAuditFilter(Command command, AuditFilterOptions& options);

// --limit.
void AddAuditLimit(Command command, AuditFilterOptions& options,
                   const std::string& words);

// Says so when there may be more decisions than the limit lets through.
void NoteLimit(std::size_t found, const AuditQuery& query,
               const Console& console);

// The query for the server. Fails with kUsage or kVolumeNameInvalid.
Result<AuditQuery> QueryOf(const AuditFilterOptions& options);

// A time, RFC 3339, or how long before `now`: 90s, 30m, 2h, 7d. Fails with
// kUsage.
Result<std::chrono::system_clock::time_point> ParseMoment(
    std::string_view text, std::chrono::system_clock::time_point now);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_AUDIT_FILTER_H_
