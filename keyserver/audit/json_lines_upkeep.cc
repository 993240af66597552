// SPDX-License-Identifier: Apache-2.0
// What is done from time to time, by the one who writes: heads, files, the end.
#include <utility>

#include "common/audit_mark.h"
#include "common/json_text.h"
#include "keyserver/audit/json_lines_audit_log.h"

namespace tdxvfs::keyserver {

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
  if (added.has_value()) {
    added = ForgetStopOnce();
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
    RETURN_IF_ERROR(Rotate());
  }
  return unsynced_ ? Sync() : Result<void>();
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
