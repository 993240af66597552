// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_JSON_LINES_AUDIT_LOG_H_
#define TDXVFS_KEYSERVER_AUDIT_JSON_LINES_AUDIT_LOG_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/unique_fd.h"
#include "keyserver/audit/audit_log.h"
#include "keyserver/audit/audit_settings.h"
#include "keyserver/audit/chain_writer.h"
#include "keyserver/audit/disk_reserve.h"
#include "keyserver/audit/evidence_files.h"
#include "keyserver/audit/log_directory.h"
#include "keyserver/audit/log_recovery.h"
#include "keyserver/audit/log_view.h"

namespace tdxvfs::keyserver {

// Files of JSON lines in a hash chain with signed heads (docs/audit.md), only
// ever appended to. A decision is synced before its Append returns; an outcome
// is written, and synced with the next decision or head or by Maintain. Whoever
// comes while another is writing waits, and one of those who waited writes for
// all of them: they share a sync. One process at a time holds the folder.
// Evidence lies in the folder `evidence` beside them, and Find puts it back
// into the record while it is there.
class JsonLinesAuditLog : public AuditLog {
 public:
  // Opens or makes the log in an existing directory. Ids, numbers and links go
  // on where it ends; a last line that a crash tore was never acknowledged, is
  // cut off and its loss recorded. `clock` outlives this. Fails with
  // kAuditUnavailable, kAuditTampered (lines that were signed are gone;
  // kept_head.h), kConfigInvalid (the key's file) or as WriteNewFile.
  static Result<std::unique_ptr<JsonLinesAuditLog>> Open(
      const std::filesystem::path& directory, const AuditSettings& settings,
      const Clock* clock);

  Result<std::string> Append(const AuditRecord& record) override;
  Result<void> Append(const OutcomeRecord& record) override;
  Result<std::string> Find(std::string_view audit_id) override;
  Result<AuditListing> List(const AuditFilter& filter) override;
  Result<AuditPage> Export(const AuditFilter& filter,
                           std::string_view from) override;
  Result<ShownEvidence> EvidenceOf(std::string_view decision) override;
  Result<void> CheckHealth() override;
  // What is amiss while releases are still recorded: the disk has no room for
  // what is kept back for them, and refusals go without a record.
  std::optional<std::string> DiskShortage() const;

  // Syncs what still waits for it, signs a head where one is due, takes disk
  // back that was given up and starts a new file where one is due. Call every
  // few seconds. Returns the newest head, when there is one that it has not
  // returned before, for a place where this log's disk cannot change it. Fails
  // with kAuditUnavailable.
  Result<std::optional<std::string>> Maintain();
  // The same at the end, when nobody appends any more: the log ends in a head.
  Result<std::optional<std::string>> SignLast();
  // Behind that: takes no more lines, and returns the head that the log ends
  // in, or nothing where none could be written.
  std::optional<std::string> Seal();

 private:
  // One line on its way to the disk.
  struct Pending {
    std::string json;
    bool is_release = false;   // or an outcome: may use the disk kept back
    bool is_decision = false;  // is synced before anybody acts on it
    bool done = false;
    std::optional<Error> error;
  };
  using Batch = std::vector<Pending*>;
  enum class SyncWhen : std::uint8_t { kBeforeAnswer, kLater };

  JsonLinesAuditLog(LogDirectory directory, LogView view, const LeftLog& left,
                    ChainWriter chain, DiskReserve reserve,
                    std::unique_ptr<EvidenceFiles> evidence,
                    AuditSettings settings, const Clock* clock);
  Result<EvidenceNote> KeepEvidence(const AuditRecord& record);
  LogView View();
  Result<void> Write(Pending* pending, std::unique_lock<std::mutex>* lock);
  void WriteQueue(std::unique_lock<std::mutex>* lock);
  bool HasRoomForMoreThanReleases() const;

  // By the one who writes, without the lock.
  void WriteBatch(const Batch& batch);
  Result<void> WriteRecords(const Batch& batch);
  Result<void> WriteText(const std::function<Result<void>(std::string*)>& add,
                         SyncWhen when = SyncWhen::kBeforeAnswer);
  // Whether the file that is written is the one that has the log's name. By
  // the one who writes, or with the lock while nobody does.
  Result<void> CheckInPlace() const;
  Result<void> AppendText(const std::string& text);
  Result<void> Sync();
  Error Unavailable(std::string_view action, int error_number) const;
  Result<void> Begin(const std::string& begin,
                     const std::vector<std::string>& marks, bool needs_head);
  Result<void> WriteHead();
  Result<void> Rotate();
  Result<void> Mend();
  bool RotationIsDue() const;
  void Break(const Error& error);
  Result<void> AsWriter(const std::function<Result<void>()>& write);
  std::optional<std::string> UntoldHead();
  Result<void> ForgetStopOnce();

  const LogDirectory directory_;
  // Null when evidence is not kept.
  const std::unique_ptr<EvidenceFiles> evidence_;
  const AuditSettings settings_;
  const Clock* const clock_;
  std::mutex mutex_;
  std::condition_variable written_;
  Batch queue_;
  AuditId last_;
  std::optional<Error> broken_;
  bool writing_ = false;
  // Changed by the one who writes, under the lock.
  LogView view_;
  // The writer's alone.
  ChainWriter chain_;
  DiskReserve reserve_;
  std::string file_began_;  // time, as in its first line
  std::string told_head_;
  std::chrono::steady_clock::time_point head_time_;
  int failed_with_ = 0;      // the last write's error number
  bool stop_stands_ = true;  // no line was written since the server before
  bool unsynced_ = false;    // outcomes were written since the last sync
  std::atomic<bool> reserve_whole_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_JSON_LINES_AUDIT_LOG_H_
