// SPDX-License-Identifier: Apache-2.0
// What the one who writes does, without the lock: text, disk, files.
#include <errno.h>
#include <unistd.h>

#include <utility>

#include "common/audit_mark.h"
#include "common/json_text.h"
#include "keyserver/audit/json_lines_audit_log.h"

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
  return WriteText([&](std::string* text) -> Result<void> {
    const ChainWriter::Time now = clock_->Now();
    for (const Pending* pending : batch) {
      RETURN_IF_ERROR(chain_.Add(pending->json, now, text));
    }
    return {};
  });
}

// Appends what `add` makes, all of it or nothing, and the chain with it.
Result<void> JsonLinesAuditLog::WriteText(
    const std::function<Result<void>(std::string*)>& add) {
  ChainState before = chain_.state();
  failed_with_ = 0;
  std::string text;
  auto done = add(&text);
  if (done.has_value()) {
    done = AppendText(text);
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

Result<void> JsonLinesAuditLog::AppendText(const std::string& text) {
  const int file = view_.current->get();
  failed_with_ = WriteAll(file, text);
  if (failed_with_ != 0) {
    Error error = Unavailable("write", failed_with_);
    if (ftruncate(file, view_.size) != 0) {
      Break(error);
    }
    return error;
  }
  if (fdatasync(file) != 0) {
    // After a failed sync the kernel may call the lost pages clean: nothing
    // that is written from here on could be believed.
    Error error = Unavailable("sync", errno);
    Break(error);
    return error;
  }
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

bool JsonLinesAuditLog::RotationIsDue() const {
  return static_cast<std::uint64_t>(view_.size) >= settings_.rotate_bytes ||
         JsonTime(clock_->Now() - settings_.rotate_after) > file_began_;
}

// The old file ends in a head; the new one begins with where that stands and a
// head of its own.
Result<void> JsonLinesAuditLog::Rotate() {
  if (chain_.state().unsigned_lines > 0) {
    RETURN_IF_ERROR(WriteHead());
  }
  ChainState before = chain_.state();
  const audit::Position last = before.position;
  const ChainWriter::Time now = clock_->Now();
  std::string text;
  auto added =
      chain_.Add(audit::ToJson(audit::FileBegin{chain_.instance(), last}, now),
                 now, &text);
  if (added.has_value()) {
    added = chain_.AddHead(now, &text);
  }
  auto started = added.has_value() ? directory_.StartFile(last.sequence, text)
                                   : Result<UniqueFd>(std::move(added).error());
  if (!started.has_value()) {
    chain_.GoBack(std::move(before));
    return std::move(started).error();
  }
  file_began_ = JsonTime(now);
  const std::lock_guard lock(mutex_);
  view_.full.push_back(directory_.FullPath(last.sequence));
  view_.current = std::make_shared<const UniqueFd>(std::move(*started));
  view_.size = static_cast<off_t>(text.size());
  return {};
}

Result<void> JsonLinesAuditLog::WriteHead() {
  return WriteText(
      [&](std::string* text) { return chain_.AddHead(clock_->Now(), text); });
}

Result<void> JsonLinesAuditLog::AsWriter(
    const std::function<Result<void>()>& write) {
  std::unique_lock lock(mutex_);
  written_.wait(lock, [this] { return !writing_; });
  if (broken_.has_value()) {
    return *broken_;
  }
  writing_ = true;
  lock.unlock();
  auto done = write();
  lock.lock();
  writing_ = false;
  written_.notify_all();
  return done;
}

std::optional<std::string> JsonLinesAuditLog::UntoldHead() {
  const std::string& head = chain_.state().head;
  if (head == told_head_) {
    return std::nullopt;
  }
  told_head_ = head;
  return head;
}

// What is due, by the one who writes.
Result<void> JsonLinesAuditLog::Mend() {
  if (!reserve_.whole()) {
    reserve_.Refill();
    reserve_whole_ = reserve_.whole();
  }
  if (chain_.state().unsigned_lines > 0 &&
      clock_->Steady() - head_time_ >= settings_.head_after) {
    RETURN_IF_ERROR(WriteHead());
  }
  if (RotationIsDue()) {
    return Rotate();
  }
  return {};
}

Result<std::optional<std::string>> JsonLinesAuditLog::Maintain() {
  std::optional<std::string> head;
  const auto done = AsWriter([&]() -> Result<void> {
    auto mended = Mend();
    if (mended.has_value() && chain_.state().unsigned_lines == 0) {
      head = UntoldHead();
    }
    return mended;
  });
  if (!done.has_value()) {
    return done.error();
  }
  return head;
}

Result<std::optional<std::string>> JsonLinesAuditLog::SignLast() {
  std::optional<std::string> head;
  const auto done = AsWriter([&]() -> Result<void> {
    auto written =
        chain_.state().unsigned_lines > 0 ? WriteHead() : Result<void>();
    if (written.has_value()) {
      head = UntoldHead();
    }
    return written;
  });
  if (!done.has_value()) {
    return done.error();
  }
  return head;
}

std::optional<std::string> JsonLinesAuditLog::Seal() {
  std::optional<std::string> head;
  const auto sealed = AsWriter([&]() -> Result<void> {
    const ChainState& state = chain_.state();
    if (state.unsigned_lines == 0 && !state.head.empty()) {
      head = state.head;
    }
    Break(Error(Reason::kAuditUnavailable, "the audit log is closed"));
    return {};
  });
  return sealed.has_value() ? head : std::nullopt;
}

}  // namespace tdxvfs::keyserver
