// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/json_lines_audit_log.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "common/evidence_place.h"
#include "common/hex.h"
#include "common/sha256.h"
#include "keyserver/audit/audit_key_file.h"
#include "keyserver/audit/kept_head.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::string_view kReserveFile = "audit.reserve";
// Refusals stop being kept a little before the disk is full.
constexpr std::uint64_t kRoomForRefusals = std::uint64_t{1} << 20U;
// A record with all its checks, and a head.
constexpr std::uint64_t kRoomForARelease = std::uint64_t{64} << 10U;

Result<std::unique_ptr<EvidenceFiles>> OpenEvidence(
    const std::filesystem::path& directory, const EvidenceLimits& limits) {
  if (!limits.keep) {
    return std::unique_ptr<EvidenceFiles>();
  }
  return EvidenceFiles::Open(directory / audit::kEvidenceFolder, limits);
}

Result<LogView> ViewOf(const LogDirectory& directory) {
  LogView view;
  ASSIGN_OR_RETURN(view.full, directory.Full());
  ASSIGN_OR_RETURN(UniqueFd current, directory.OpenCurrent());
  struct stat status {};
  if (fstat(current.get(), &status) != 0) {
    return SystemError(Reason::kAuditUnavailable, "read audit log", errno);
  }
  view.current = std::make_shared<const UniqueFd>(std::move(current));
  view.size = status.st_size;
  return view;
}

}  // namespace

Result<std::unique_ptr<JsonLinesAuditLog>> JsonLinesAuditLog::Open(
    const std::filesystem::path& directory, const AuditSettings& settings,
    const Clock* clock) {
  ASSIGN_OR_RETURN(LogDirectory folder, LogDirectory::Open(directory));
  ASSIGN_OR_RETURN(audit::SigningKey key,
                   LoadOrMakeAuditKey(settings.key_file));
  ASSIGN_OR_RETURN(LogView view, ViewOf(folder));
  // Before anything is mended: no line that was found is changed.
  RETURN_IF_ERROR(CheckKeptHead(view, folder.current(), settings.key_file,
                                key.public_key()));
  ASSIGN_OR_RETURN(
      const LeftLog left,
      RecoverLog(&view, folder.current(), key.public_key(), clock->Now()));
  ASSIGN_OR_RETURN(
      DiskReserve reserve,
      DiskReserve::Open(directory / kReserveFile, settings.reserve_bytes));
  ASSIGN_OR_RETURN(std::unique_ptr<EvidenceFiles> evidence,
                   OpenEvidence(directory, settings.evidence));
  ChainWriter chain(std::move(key), left.last.ToString().substr(0, 4),
                    left.state);
  std::unique_ptr<JsonLinesAuditLog> log(new JsonLinesAuditLog(
      std::move(folder), std::move(view), left, std::move(chain),
      std::move(reserve), std::move(evidence), settings, clock));
  RETURN_IF_ERROR(log->Begin(left.begin, left.marks, !left.ends_in_head));
  return log;
}

JsonLinesAuditLog::JsonLinesAuditLog(LogDirectory directory, LogView view,
                                     const LeftLog& left, ChainWriter chain,
                                     DiskReserve reserve,
                                     std::unique_ptr<EvidenceFiles> evidence,
                                     AuditSettings settings, const Clock* clock)
    : directory_(std::move(directory)),
      evidence_(std::move(evidence)),
      settings_(std::move(settings)),
      clock_(clock),
      last_(left.last),
      view_(std::move(view)),
      chain_(std::move(chain)),
      reserve_(std::move(reserve)),
      file_began_(left.file_began),
      head_time_(clock->Steady()),
      reserve_whole_(reserve_.whole()) {}

Result<std::string> JsonLinesAuditLog::Append(const AuditRecord& record) {
  ASSIGN_OR_RETURN(const EvidenceNote evidence, KeepEvidence(record));
  std::unique_lock lock(mutex_);
  // The number is taken under the lock that orders the lines.
  const AuditId id{last_.instance, last_.sequence + 1};
  Pending pending{ToJsonLine(record, id.ToString(), evidence), record.released,
                  true, false, std::nullopt};
  last_ = id;
  RETURN_IF_ERROR(Write(&pending, &lock));
  return id.ToString();
}

// A record goes without its evidence where that is too large or the disk does
// not take it; its digest is there in any case.
Result<EvidenceNote> JsonLinesAuditLog::KeepEvidence(
    const AuditRecord& record) {
  EvidenceNote note;
  if (!record.evidence.has_value()) {
    return note;
  }
  const std::vector<std::uint8_t> bytes = SerializeEvidence(*record.evidence);
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256(bytes));
  note.sha256 = ToHex(digest);
  const bool fits =
      bytes.size() - record.evidence->event_log.size() <= kMaxKeptEvidence;
  if (evidence_ != nullptr && fits && HasRoomForMoreThanReleases()) {
    auto place = evidence_->Keep(bytes, record.released, record.time);
    if (place.has_value()) {
      note.at = std::move(*place);
    }
  }
  return note;
}

Result<void> JsonLinesAuditLog::Append(const OutcomeRecord& record) {
  Pending pending{ToJsonLine(record), true, false, false, std::nullopt};
  std::unique_lock lock(mutex_);
  return Write(&pending, &lock);
}

Result<void> JsonLinesAuditLog::Write(Pending* pending,
                                      std::unique_lock<std::mutex>* lock) {
  if (broken_.has_value()) {
    return *broken_;
  }
  if (!pending->is_release && !HasRoomForMoreThanReleases()) {
    return Error(Reason::kAuditUnavailable,
                 "the disk of '" + directory_.current().string() +
                     "' is nearly full; the rest is kept for releases");
  }
  queue_.push_back(pending);
  while (!pending->done) {
    if (writing_) {
      written_.wait(*lock);
    } else {
      WriteQueue(lock);
    }
  }
  if (pending->error.has_value()) {
    return *pending->error;
  }
  return {};
}

// Writes what has queued up, for everybody who waits.
void JsonLinesAuditLog::WriteQueue(std::unique_lock<std::mutex>* lock) {
  const Batch batch = std::exchange(queue_, {});
  if (broken_.has_value()) {
    for (Pending* pending : batch) {
      pending->error = broken_;
    }
  } else {
    writing_ = true;
    lock->unlock();
    WriteBatch(batch);
    lock->lock();
    writing_ = false;
  }
  for (Pending* pending : batch) {
    pending->done = true;
  }
  written_.notify_all();
}

bool JsonLinesAuditLog::HasRoomForMoreThanReleases() const {
  return reserve_whole_ &&
         FreeBytes(directory_.descriptor()) > kRoomForRefusals;
}

std::optional<std::string> JsonLinesAuditLog::DiskShortage() const {
  if (HasRoomForMoreThanReleases()) {
    return std::nullopt;
  }
  constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
  return "the disk of '" + directory_.current().string() + "' has " +
         std::to_string(FreeBytes(directory_.descriptor()) / mebibyte) +
         " MiB free; until it has " +
         std::to_string(2 * settings_.reserve_bytes / mebibyte) +
         " MiB, nothing is kept back for releases, and refusals are not "
         "recorded";
}

LogView JsonLinesAuditLog::View() {
  const std::lock_guard lock(mutex_);
  return view_;
}

Result<void> JsonLinesAuditLog::CheckHealth() {
  const std::lock_guard lock(mutex_);
  if (broken_.has_value()) {
    return *broken_;
  }
  if (!writing_) {
    RETURN_IF_ERROR(CheckInPlace());
  }
  const std::filesystem::path folder = directory_.current().parent_path();
  if (access(folder.c_str(), W_OK) != 0) {
    return SystemError(
        Reason::kAuditUnavailable,
        "write to the directory of '" + directory_.current().string() + "'",
        errno);
  }
  struct stat reserve {};
  const std::string name = folder / kReserveFile;
  if (stat(name.c_str(), &reserve) == 0 && reserve.st_size == 0 &&
      FreeBytes(directory_.descriptor()) < kRoomForARelease) {
    return Error(Reason::kAuditUnavailable,
                 "the disk of '" + directory_.current().string() +
                     "' is full, and what was kept back is used up");
  }
  return {};
}

}  // namespace tdxvfs::keyserver
