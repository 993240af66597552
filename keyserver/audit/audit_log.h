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
  std::string volume{};
  std::string reason{};
  std::size_t limit = 100;  // the newest ones; Export knows no limit
  std::string peer{};       // with its port, or every port of an address
  // As JsonTime writes them; `since` is included, `until` is not.
  std::string since{};
  std::string until{};
};

// Decisions, oldest first.
struct AuditListing {
  std::vector<std::string> records;
  std::size_t damaged = 0;  // lines on the way that are no records any more
};

// Some lines of the log, oldest first.
struct AuditPage {
  std::vector<std::string> lines;
  std::string next;         // where the next page begins; empty: nowhere
  std::size_t damaged = 0;  // lines that a filter left out for that
};

// Where decisions are kept. Thread-safe.
class AuditLog {
 public:
  virtual ~AuditLog() = default;
  // Returns the record's audit id once it is on disk. Fails with
  // kAuditUnavailable; nothing of the record is kept then.
  virtual Result<std::string> Append(const AuditRecord& record) = 0;
  // Returns once the record outlives this process; a machine that loses power
  // within seconds may lose it.
  virtual Result<void> Append(const OutcomeRecord& record) = 0;
  // One decision as JSON, with its outcome as a member when there is one.
  // kAuditUnknown when no such decision is on record.
  virtual Result<std::string> Find(std::string_view audit_id) = 0;
  // Decisions in the shape of Find, oldest first.
  virtual Result<AuditListing> List(const AuditFilter& filter) = 0;
  // A page of lines as they stand in the log: decisions and outcomes that
  // match, and without a filter every line. `from` is empty or an earlier
  // page's `next`; else kUsage.
  virtual Result<AuditPage> Export(const AuditFilter& filter,
                                   std::string_view from) = 0;
  // What the guest of a decision showed, by a line that List gave. Fails with
  // kFileNotFound when nothing was kept or it was dropped since, and with
  // kFileInvalid when it is not what was shown.
  virtual Result<ShownEvidence> EvidenceOf(std::string_view decision) = 0;
  // Whether the next record can be kept, as far as is known.
  virtual Result<void> CheckHealth() = 0;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_AUDIT_LOG_H_
