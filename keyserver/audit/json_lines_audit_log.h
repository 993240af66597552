// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_JSON_LINES_AUDIT_LOG_H_
#define TDXVFS_KEYSERVER_AUDIT_JSON_LINES_AUDIT_LOG_H_

#include <sys/types.h>

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/unique_fd.h"
#include "keyserver/audit/audit_log.h"
#include "keyserver/audit/evidence_files.h"

namespace tdxvfs::keyserver {

// One file of JSON lines, `audit.jsonl`, only ever appended to and synced
// before an Append returns. Whoever comes while another is writing waits, and
// one of those who waited writes for all of them: they share a sync. One
// process at a time holds the file. Evidence lies in the folder `evidence`
// beside it, and Find puts it back into the record while it is there.
class JsonLinesAuditLog : public AuditLog {
 public:
  // Opens or makes the file in an existing directory. Ids go on where the file
  // ends; a last line that a crash tore was never acknowledged and is cut off.
  // Fails with kAuditUnavailable.
  static Result<std::unique_ptr<JsonLinesAuditLog>> Open(
      const std::filesystem::path& directory,
      const EvidenceLimits& evidence = {});

  Result<std::string> Append(const AuditRecord& record) override;
  Result<void> Append(const OutcomeRecord& record) override;
  Result<std::string> Find(std::string_view audit_id) override;
  Result<std::vector<std::string>> List(const AuditFilter& filter) override;
  Result<void> CheckHealth() override;

 private:
  // One line on its way to the disk.
  struct Pending {
    std::string line;
    bool is_release = false;
    bool done = false;
    std::optional<Error> error;
  };

  JsonLinesAuditLog(std::filesystem::path path, UniqueFd file, off_t size,
                    AuditId last, std::unique_ptr<EvidenceFiles> evidence);
  Result<EvidenceNote> KeepEvidence(const AuditRecord& record);
  std::string WithEvidence(const std::string& decision) const;
  Result<void> Write(Pending* pending, std::unique_lock<std::mutex>* lock);
  void WriteQueue(std::unique_lock<std::mutex>* lock);
  std::optional<Error> WriteBatch(const std::string& lines);
  bool HasRoomForMoreThanReleases() const;

  const std::filesystem::path path_;
  const UniqueFd file_;
  // Null when evidence is not kept.
  const std::unique_ptr<EvidenceFiles> evidence_;
  std::mutex mutex_;
  std::condition_variable written_;
  std::vector<Pending*> queue_;
  off_t size_;  // of what is synced
  AuditId last_;
  std::optional<Error> broken_;
  bool writing_ = false;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_JSON_LINES_AUDIT_LOG_H_
