// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_AUDIT_LOG_H_
#define TDXVFS_KEYSERVER_AUDIT_AUDIT_LOG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "keyserver/audit/audit_record.h"

namespace tdxvfs::keyserver {

// Which records to list; empty members match everything.
struct AuditFilter {
  std::string volume;
  std::string reason;
  std::size_t limit = 100;  // the newest ones
};

// Where decisions are kept. Thread-safe.
class AuditLog {
 public:
  virtual ~AuditLog() = default;
  // Returns the record's audit id once it is on disk. Fails with
  // kAuditUnavailable; nothing of the record is kept then.
  virtual Result<std::string> Append(const AuditRecord& record) = 0;
  virtual Result<void> Append(const OutcomeRecord& record) = 0;
  // One decision as JSON, with its outcome as a member when there is one.
  // kAuditUnknown when no such decision is on record.
  virtual Result<std::string> Find(std::string_view audit_id) = 0;
  // Decisions in the shape of Find, oldest first.
  virtual Result<std::vector<std::string>> List(const AuditFilter& filter) = 0;
  // Whether the next record can be kept, as far as is known.
  virtual Result<void> CheckHealth() = 0;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_AUDIT_LOG_H_
