// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_LOG_VIEW_H_
#define TDXVFS_KEYSERVER_AUDIT_LOG_VIEW_H_

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"

namespace tdxvfs::keyserver {

// The files of a log as they were at one moment, for readers that go on while
// it is written and started anew.
struct LogView {
  std::vector<std::filesystem::path> full;  // oldest first
  std::shared_ptr<const UniqueFd> current;
  off_t size = 0;  // of the current one
};

// Gives every line to `visit`, newest first, until it returns false. A full
// file that was taken away since is passed over. Fails with kAuditUnavailable.
Result<void> ScanBackward(
    const LogView& view,
    const std::function<bool(std::string_view line)>& visit);

// A page of lines, oldest first.
struct LogPage {
  std::vector<std::string> lines;
  std::string next;      // where the next page begins; empty: nowhere
  std::size_t torn = 0;  // full files that end within a line
};

// Reads on from `from`, empty for the beginning, until lines that `wanted`
// takes fill `max_bytes` or the log ends. At most a few MiB are looked at a
// time, so a page may be empty and not the last. Fails with kUsage for a place
// that is none, and with kAuditUnavailable.
Result<LogPage> ReadPage(
    const LogView& view, std::string_view from, std::size_t max_bytes,
    const std::function<bool(std::string_view line)>& wanted);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_LOG_VIEW_H_
