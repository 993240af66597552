// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/json_lines_audit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <utility>

#include <openssl/rand.h>

#include "common/hex.h"
#include "common/json_text.h"
#include "common/openssl_error.h"
#include "common/sha256.h"
#include "keyserver/audit/line_scanner.h"
#include "keyserver/base64.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::string_view kFileName = "audit.jsonl";
constexpr std::string_view kEvidenceFolder = "evidence";
// Refusals stop being kept while less than this is free, so that peers that
// proved nothing cannot use up the disk that releases need.
constexpr std::uint64_t kReservedForReleases = 16ULL * 1024 * 1024;

Error Unavailable(std::string_view action, const std::filesystem::path& path,
                  int error_number) {
  return SystemError(Reason::kAuditUnavailable,
                     std::string(action) + " '" + path.string() + "'",
                     error_number);
}

Result<UniqueFd> OpenLocked(const std::filesystem::path& path) {
  UniqueFd file(open(path.c_str(),
                     O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                     0600));
  if (!file.valid()) {
    return Unavailable("open audit log", path, errno);
  }
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return Unavailable("lock audit log", path, errno);
  }
  const UniqueFd directory(
      open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || fsync(directory.get()) != 0) {
    return Unavailable("sync directory of", path, errno);
  }
  return file;
}

// Cuts a torn last line off and returns the size that is left.
Result<off_t> CutTornLine(int file, const std::filesystem::path& path) {
  struct stat status {};
  if (fstat(file, &status) != 0) {
    return Unavailable("read audit log", path, errno);
  }
  ASSIGN_OR_RETURN(const off_t end, EndOfLastLine(file, status.st_size));
  if (end != status.st_size &&
      (ftruncate(file, end) != 0 || fsync(file) != 0)) {
    return Unavailable("cut the torn last line of", path, errno);
  }
  return end;
}

Result<AuditId> NewInstance() {
  AuditId id;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&id.instance),
                 sizeof(id.instance)) != 1) {
    return OpensslError(Reason::kInternal, "random bytes");
  }
  return id;
}

// The id of the last decision. Outcomes repeat an earlier id.
Result<AuditId> LastId(int file, off_t size) {
  std::optional<AuditId> last;
  RETURN_IF_ERROR(ScanLinesBackward(file, size, [&](std::string_view line) {
    const auto head = ReadHead(line);
    if (head.has_value() && head->kind != "outcome") {
      last = AuditId::Parse(head->audit_id);
    }
    return !last.has_value();
  }));
  if (last.has_value()) {
    return *last;
  }
  return NewInstance();
}

std::string WithOutcome(std::string_view decision, std::string_view outcome) {
  if (outcome.empty()) {
    return std::string(decision);
  }
  return std::string(decision.substr(0, decision.size() - 1)) +
         ",\"outcome\":" + std::string(outcome) + "}";
}

}  // namespace

Result<std::unique_ptr<JsonLinesAuditLog>> JsonLinesAuditLog::Open(
    const std::filesystem::path& directory, const EvidenceLimits& limits) {
  const std::filesystem::path path = directory / kFileName;
  ASSIGN_OR_RETURN(UniqueFd file, OpenLocked(path));
  ASSIGN_OR_RETURN(const off_t size, CutTornLine(file.get(), path));
  ASSIGN_OR_RETURN(const AuditId last, LastId(file.get(), size));
  std::unique_ptr<EvidenceFiles> evidence;
  if (limits.keep) {
    ASSIGN_OR_RETURN(evidence,
                     EvidenceFiles::Open(directory / kEvidenceFolder, limits));
  }
  return std::unique_ptr<JsonLinesAuditLog>(new JsonLinesAuditLog(
      path, std::move(file), size, last, std::move(evidence)));
}

JsonLinesAuditLog::JsonLinesAuditLog(std::filesystem::path path, UniqueFd file,
                                     off_t size, AuditId last,
                                     std::unique_ptr<EvidenceFiles> evidence)
    : path_(std::move(path)),
      file_(std::move(file)),
      evidence_(std::move(evidence)),
      size_(size),
      last_(last) {}

Result<std::string> JsonLinesAuditLog::Append(const AuditRecord& record) {
  ASSIGN_OR_RETURN(const EvidenceNote evidence, KeepEvidence(record));
  std::unique_lock lock(mutex_);
  // The number is taken under the lock that orders the lines.
  const AuditId id{last_.instance, last_.sequence + 1};
  Pending pending{ToJsonLine(record, id.ToString(), evidence), record.released,
                  false, std::nullopt};
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
  if (evidence_ != nullptr && fits &&
      (record.released || HasRoomForMoreThanReleases())) {
    auto place = evidence_->Keep(bytes, record.released, record.time);
    if (place.has_value()) {
      note.at = std::move(*place);
    }
  }
  return note;
}

Result<void> JsonLinesAuditLog::Append(const OutcomeRecord& record) {
  Pending pending{ToJsonLine(record), true, false, std::nullopt};
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
                 "the disk of '" + path_.string() +
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
  const std::vector<Pending*> batch = std::exchange(queue_, {});
  std::string lines;
  for (const Pending* pending : batch) {
    lines += pending->line + "\n";
  }
  std::optional<Error> error = broken_;
  if (!error.has_value()) {
    writing_ = true;
    lock->unlock();
    error = WriteBatch(lines);
    lock->lock();
    writing_ = false;
  }
  if (!error.has_value()) {
    size_ += static_cast<off_t>(lines.size());
  } else if (!broken_.has_value() && ftruncate(file_.get(), size_) != 0) {
    broken_ = error;
  }
  for (Pending* pending : batch) {
    pending->error = error;
    pending->done = true;
  }
  if (batch.size() > 1 || !queue_.empty()) {
    written_.notify_all();
  }
}

std::optional<Error> JsonLinesAuditLog::WriteBatch(const std::string& lines) {
  std::string_view rest = lines;
  while (!rest.empty()) {
    const ssize_t count = write(file_.get(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return Unavailable("write audit log", path_, errno);
    }
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  if (fdatasync(file_.get()) != 0) {
    // After a failed sync the kernel may call the lost pages clean: nothing
    // that is written from here on could be believed.
    Error error = Unavailable("sync audit log", path_, errno);
    const std::lock_guard lock(mutex_);
    broken_ = error;
    return error;
  }
  return std::nullopt;
}

bool JsonLinesAuditLog::HasRoomForMoreThanReleases() const {
  struct statvfs status {};
  return fstatvfs(file_.get(), &status) != 0 ||
         static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize >
             kReservedForReleases;
}

Result<std::string> JsonLinesAuditLog::Find(std::string_view audit_id) {
  off_t size = 0;
  {
    const std::lock_guard lock(mutex_);
    size = size_;
  }
  std::string decision;
  std::string outcome;
  RETURN_IF_ERROR(
      ScanLinesBackward(file_.get(), size, [&](std::string_view line) {
        const auto head = ReadHead(line);
        if (!head.has_value() || head->audit_id != audit_id) {
          return true;
        }
        (head->kind == "outcome" ? outcome : decision) = line;
        return head->kind == "outcome";
      }));
  if (decision.empty()) {
    return Error(Reason::kAuditUnknown,
                 "no decision '" + std::string(audit_id) + "' is on record");
  }
  return WithOutcome(WithEvidence(decision), outcome);
}

// The line with what was shown, or with why it cannot be shown any more.
std::string JsonLinesAuditLog::WithEvidence(const std::string& decision) const {
  const EvidenceNote note = ReadEvidenceNote(decision);
  if (note.at.empty() || evidence_ == nullptr) {
    return decision;
  }
  const auto bytes = evidence_->Read(note.at);
  const std::string start = decision.substr(0, decision.size() - 1);
  if (!bytes.has_value()) {
    return start + R"(,"evidence":"dropped"})";
  }
  const auto digest = Sha256(*bytes);
  const auto shown = ParseEvidence(*bytes);
  if (!digest.has_value() || ToHex(*digest) != note.sha256 ||
      !shown.has_value()) {
    return start + R"(,"evidence":"damaged"})";
  }
  JsonObject members;
  members.String("evidence", "kept")
      .String("nonce", ToHex(shown->nonce))
      .String("public_key", ToHex(shown->public_key))
      .String("quote", ToBase64(shown->quote));
  if (!shown->event_log.empty()) {
    members.String("event_log", ToBase64(shown->event_log));
  }
  return start + "," + members.Close().substr(1);
}

Result<std::vector<std::string>> JsonLinesAuditLog::List(
    const AuditFilter& filter) {
  off_t size = 0;
  {
    const std::lock_guard lock(mutex_);
    size = size_;
  }
  std::vector<std::string> newest_first;
  std::vector<std::pair<std::string, std::string>> outcomes;
  RETURN_IF_ERROR(
      ScanLinesBackward(file_.get(), size, [&](std::string_view line) {
        const auto head = ReadHead(line);
        if (!head.has_value() ||
            (!filter.volume.empty() && head->volume != filter.volume)) {
          return true;
        }
        if (head->kind == "outcome") {
          outcomes.emplace_back(head->audit_id, line);
          return true;
        }
        if (!filter.reason.empty() && head->reason != filter.reason) {
          return true;
        }
        std::string_view outcome;
        for (const auto& [id, text] : outcomes) {
          outcome = id == head->audit_id ? text : outcome;
        }
        newest_first.push_back(WithOutcome(line, outcome));
        return newest_first.size() < filter.limit;
      }));
  return std::vector<std::string>(newest_first.rbegin(), newest_first.rend());
}

Result<void> JsonLinesAuditLog::CheckHealth() {
  const std::lock_guard lock(mutex_);
  if (broken_.has_value()) {
    return *broken_;
  }
  if (access(path_.parent_path().c_str(), W_OK) != 0) {
    return Unavailable("write to the directory of", path_, errno);
  }
  return {};
}

}  // namespace tdxvfs::keyserver
