// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_LOG_RECOVERY_H_
#define TDXVFS_KEYSERVER_AUDIT_LOG_RECOVERY_H_

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/audit_key.h"
#include "common/result.h"
#include "keyserver/audit/audit_record.h"
#include "keyserver/audit/chain_writer.h"
#include "keyserver/audit/log_view.h"

namespace tdxvfs::keyserver {

// How a log was left, and what has to be written before anything else.
struct LeftLog {
  AuditId last;  // the last decision's
  ChainState state;
  std::string begin;  // JSON: the first line of a chain or file, or empty
  std::vector<std::string> marks;  // JSON, in order
  bool ends_in_head = false;
  std::string file_began;  // time of the current file's first line, or now
};

// Cuts a torn last line off, which was never acknowledged, and finds out where
// ids, numbers and links go on. A log that an older version wrote becomes the
// beginning of a chain. Lines without links behind linked ones are not ours:
// then nothing is touched. Fails with kAuditUnavailable.
Result<LeftLog> RecoverLog(LogView* view, const std::filesystem::path& name,
                           const audit::PublicKey& key,
                           std::chrono::system_clock::time_point now);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_LOG_RECOVERY_H_
