// SPDX-License-Identifier: Apache-2.0
// What the one who writes does, without the lock: text, disk, files.
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "keyserver/audit/json_lines_audit_log.h"
#include "keyserver/audit/kept_head.h"

namespace tdxvfs::keyserver {
namespace {

bool IsFullDisk(int error_number) {
  return error_number == ENOSPC || error_number == EDQUOT ||
         error_number == EFBIG;
}

}  // namespace

// A full disk fails the refusals of a batch; for its releases and outcomes the
// reserve gives way, MiB by MiB.
void JsonLinesAuditLog::WriteBatch(const Batch& batch) {
  if (RotationIsDue()) {
    // A log that cannot be started anew goes on in its file.
    (void)Rotate().has_value();
  }
  auto written = WriteRecords(batch);
  if (written.has_value()) {
    return;
  }
  const bool full = IsFullDisk(failed_with_);
  Batch releases;
  for (Pending* pending : batch) {
    if (pending->is_release) {
      releases.push_back(pending);
    } else {
      pending->error = written.error();
    }
  }
  if (full && !releases.empty() && releases.size() < batch.size()) {
    written = WriteRecords(releases);
  }
  while (!releases.empty() && !written.has_value() &&
         IsFullDisk(failed_with_) && reserve_.GiveUpSome()) {
    reserve_whole_ = false;
    written = WriteRecords(releases);
  }
  for (Pending* pending : releases) {
    if (!written.has_value()) {
      pending->error = written.error();
    }
  }
}

Result<void> JsonLinesAuditLog::WriteRecords(const Batch& batch) {
  const bool decides = std::ranges::any_of(batch, &Pending::is_decision);
  return WriteText(
      [&](std::string* text) -> Result<void> {
        const ChainWriter::Time now = clock_->Now();
        for (const Pending* pending : batch) {
          RETURN_IF_ERROR(chain_.Add(pending->json, now, text));
        }
        return {};
      },
      decides ? SyncWhen::kBeforeAnswer : SyncWhen::kLater);
}

// Appends what `add` makes, all of it or nothing, and the chain with it. A head
// is synced in any case: it is told to others.
Result<void> JsonLinesAuditLog::WriteText(
    const std::function<Result<void>(std::string*)>& add, SyncWhen when) {
  ChainState before = chain_.state();
  failed_with_ = 0;
  std::string text;
  auto done = add(&text);
  if (done.has_value()) {
    done = AppendText(text);
  }
  if (done.has_value()) {
    unsynced_ = true;
    if (when == SyncWhen::kBeforeAnswer || chain_.state().unsigned_lines == 0) {
      done = Sync();
    }
  }
  if (!done.has_value()) {
    chain_.GoBack(std::move(before));
    return done;
  }
  if (chain_.state().unsigned_lines == 0) {
    head_time_ = clock_->Steady();
  }
  const std::lock_guard lock(mutex_);
  view_.size += static_cast<off_t>(text.size());
  return {};
}

// Not before something is written: whoever keeps a server from starting must
// not be able to write behind the last head meanwhile.
Result<void> JsonLinesAuditLog::ForgetStopOnce() {
  if (stop_stands_) {
    RETURN_IF_ERROR(ForgetStop(settings_.key_file));
    stop_stands_ = false;
  }
  return {};
}

// What went into a file that was removed or moved away nobody would find: it
// would be a release without a record.
Result<void> JsonLinesAuditLog::CheckInPlace() const {
  struct stat open_file {};
  struct stat named {};
  if (fstat(view_.current->get(), &open_file) != 0 ||
      lstat(directory_.current().c_str(), &named) != 0) {
    return Unavailable("find", errno);
  }
  if (open_file.st_ino != named.st_ino || open_file.st_dev != named.st_dev) {
    return Error(Reason::kAuditUnavailable,
                 "audit log '" + directory_.current().string() +
                     "' is another file than the one that this server writes; "
                     "put that one back");
  }
  return {};
}

Result<void> JsonLinesAuditLog::AppendText(const std::string& text) {
  RETURN_IF_ERROR(CheckInPlace());
  RETURN_IF_ERROR(ForgetStopOnce());
  const int file = view_.current->get();
  failed_with_ = WriteAll(file, text);
  if (failed_with_ != 0) {
    Error error = Unavailable("write", failed_with_);
    if (ftruncate(file, view_.size) != 0) {
      Break(error);
    }
    return error;
  }
  return {};
}

Result<void> JsonLinesAuditLog::Sync() {
  if (fdatasync(view_.current->get()) != 0) {
    // After a failed sync the kernel may call the lost pages clean: nothing
    // that is written from here on could be believed.
    Error error = Unavailable("sync", errno);
    Break(error);
    return error;
  }
  unsynced_ = false;
  return {};
}

Error JsonLinesAuditLog::Unavailable(std::string_view action,
                                     int error_number) const {
  return SystemError(Reason::kAuditUnavailable,
                     std::string(action) + " audit log '" +
                         directory_.current().string() + "'",
                     error_number);
}

void JsonLinesAuditLog::Break(const Error& error) {
  const std::lock_guard lock(mutex_);
  broken_ = error;
}

// What has to stand in the log before any record.
Result<void> JsonLinesAuditLog::Begin(const std::string& begin,
                                      const std::vector<std::string>& marks,
                                      bool needs_head) {
  if (begin.empty() && marks.empty() && !needs_head) {
    return {};
  }
  return WriteText([&](std::string* text) -> Result<void> {
    const ChainWriter::Time now = clock_->Now();
    if (!begin.empty()) {
      RETURN_IF_ERROR(chain_.Add(begin, now, text));
      RETURN_IF_ERROR(chain_.AddHead(now, text));
    }
    for (const std::string& mark : marks) {
      RETURN_IF_ERROR(chain_.Add(mark, now, text));
    }
    if (chain_.state().unsigned_lines > 0) {
      return chain_.AddHead(now, text);
    }
    return {};
  });
}

}  // namespace tdxvfs::keyserver
