// SPDX-License-Identifier: Apache-2.0
#include "keyserver/release_service.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <openssl/rand.h>

#include "common/log.h"
#include "common/openssl_error.h"
#include "keyserver/release_log.h"
#include "keyserver/release_wire.h"

namespace tdxvfs::keyserver {
namespace {

using GuestMessage = v1::GuestMessage;

// What the stream waits for.
enum class Stage : std::uint8_t {
  kBegin,
  kEvidence,
  kDecision,  // a job of the work queue holds the stream
  kOutcome,
  kFinished,
};

// One unlock. gRPC's reactions, the deadlines and the jobs come on different
// threads; the mutex orders them, and whoever finds the stream finished leaves
// it alone. It lives until OnDone and until the last job has let go.
class UnlockStream final
    : public grpc::ServerBidiReactor<GuestMessage, v1::ServerMessage>,
      public std::enable_shared_from_this<UnlockStream> {
 public:
  UnlockStream(const ReleaseService::Parts& parts,
               const ReleaseTimeouts& timeouts, OpenCalls* open,
               grpc::CallbackServerContext* context)
      : place_(open), parts_(parts), timeouts_(timeouts), context_(context) {
    exchange_.peer = context->peer();
    parts_.metrics->CountStream(1);
  }
  ~UnlockStream() override { parts_.metrics->CountStream(-1); }

  void Start();
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void ReadMessage();
  void TakeBegin();
  void TakeEvidence();
  void TakeOutcome();
  void Decide(const Evidence& evidence,
              std::chrono::steady_clock::time_point arrived);
  void SendGrant(SealedGrant grant);
  void OnDeadline(Stage stage);
  void GuestLeft();
  void Refuse(Error error);
  void PostOutcome(std::string result, std::string reason, std::string detail,
                   std::optional<grpc::Status> end);
  void EnterStage(Stage stage, std::chrono::milliseconds timeout);
  void Send(v1::ServerMessage message);
  void End(const grpc::Status& status);
  Error ProtocolError(std::string_view expected) const;

  const OpenCalls::Place place_;
  const ReleaseService::Parts& parts_;
  const ReleaseTimeouts timeouts_;
  grpc::CallbackServerContext* const context_;
  std::shared_ptr<UnlockStream> self_;

  std::mutex mutex_;
  Stage stage_ = Stage::kBegin;
  bool writing_ = false;
  DeadlineQueue::Id deadline_ = 0;
  Admission::Slot slot_;
  GuestMessage incoming_;
  v1::ServerMessage outgoing_;
  Exchange exchange_;
  std::optional<SealedGrant> grant_;
};

void UnlockStream::Start() {
  const std::lock_guard lock(mutex_);
  self_ = shared_from_this();
  auto slot = parts_.admission->Enter(exchange_.peer);
  if (!slot.has_value()) {
    // Counted, not recorded: a flood must not fill the audit log.
    if (const auto count = parts_.admission->TakeRefusedCount(); count != 0) {
      Log(LogLevel::kWarning, Event::kPeerLimited,
          std::to_string(count) +
              " attempts refused: " + slot.error().ToString(),
          {.peer = exchange_.peer});
    }
    parts_.metrics->CountLimited();
    End(RefusalStatus(slot.error()));
    return;
  }
  slot_ = std::move(*slot);
  EnterStage(Stage::kBegin, timeouts_.begin);
  StartRead(&incoming_);
}

void UnlockStream::OnReadDone(bool ok) {
  const std::lock_guard lock(mutex_);
  if (stage_ == Stage::kFinished) {
    return;
  }
  if (!ok) {
    GuestLeft();
    return;
  }
  ReadMessage();
}

void UnlockStream::ReadMessage() {
  switch (stage_) {
    case Stage::kBegin:
      return TakeBegin();
    case Stage::kEvidence:
      return TakeEvidence();
    case Stage::kOutcome:
      return TakeOutcome();
    case Stage::kDecision:
    case Stage::kFinished:
      return;
  }
}

void UnlockStream::TakeBegin() {
  if (!incoming_.has_begin()) {
    return Refuse(ProtocolError("Begin"));
  }
  if (auto read = ReadBegin(incoming_.begin(), &exchange_); !read.has_value()) {
    return Refuse(std::move(read).error());
  }
  if (RAND_bytes(exchange_.nonce.data(),
                 static_cast<int>(exchange_.nonce.size())) != 1) {
    return Refuse(OpensslError(Reason::kInternal, "random nonce"));
  }
  exchange_.evidence_deadline = parts_.clock->Steady() + timeouts_.evidence;
  EnterStage(Stage::kEvidence, timeouts_.evidence);
  Send(ChallengeMessage(exchange_.nonce, timeouts_.evidence));
}

void UnlockStream::TakeEvidence() {
  if (!incoming_.has_evidence()) {
    return Refuse(ProtocolError("Evidence"));
  }
  auto evidence = ReadEvidence(incoming_.evidence());
  if (!evidence.has_value()) {
    return Refuse(std::move(evidence).error());
  }
  EnterStage(Stage::kDecision, {});
  parts_.work->Post(
      [self = shared_from_this(), evidence = std::move(*evidence),
       arrived = parts_.clock->Steady()] { self->Decide(evidence, arrived); });
}

void UnlockStream::Decide(const Evidence& evidence,
                          std::chrono::steady_clock::time_point arrived) {
  // Nothing changes exchange_ in this stage: the mutex is free for OnCancel.
  auto grant = parts_.release->Release(exchange_, evidence);
  const auto took = parts_.clock->Steady() - arrived;
  const std::lock_guard lock(mutex_);
  slot_.Leave();
  if (!grant.has_value()) {
    parts_.metrics->CountRefusal(grant.error().reason(), took);
    LogRefusal(exchange_, grant.error());
    End(RefusalStatus(grant.error()));
    return;
  }
  parts_.metrics->CountRelease(took);
  LogRelease(exchange_, grant->audit_id, parts_.anchor_is_intel,
             parts_.collateral_none);
  if (stage_ == Stage::kFinished) {
    grant_ = std::move(*grant);
    PostOutcome("unknown", "", "the guest left before its grant was sent",
                std::nullopt);
    return;
  }
  SendGrant(std::move(*grant));
}

void UnlockStream::SendGrant(SealedGrant grant) {
  grant_ = std::move(grant);
  EnterStage(Stage::kOutcome, timeouts_.outcome);
  Send(ReleaseMessage(*grant_));
}

void UnlockStream::TakeOutcome() {
  if (!incoming_.has_outcome()) {
    const Error error = ProtocolError("Outcome").WithAuditId(grant_->audit_id);
    return PostOutcome("unknown", "", error.message(), RefusalStatus(error));
  }
  const v1::Outcome& outcome = incoming_.outcome();
  auto checked =
      KeyRelease::CheckOutcome(*grant_, outcome.body(), outcome.mac());
  if (!checked.has_value()) {
    const Error error =
        std::move(checked).error().WithAuditId(grant_->audit_id);
    return PostOutcome("unknown", "", error.message(), RefusalStatus(error));
  }
  auto read = ReadOutcome(outcome);
  if (!read.has_value()) {
    const Error error = std::move(read).error().WithAuditId(grant_->audit_id);
    return PostOutcome("unknown", "", error.message(), RefusalStatus(error));
  }
  // One id everywhere: the guest names this release in its own log and status.
  context_->AddTrailingMetadata("tdxvfs-audit-id", grant_->audit_id);
  PostOutcome(read->opened ? "opened" : "failed", read->reason, "",
              grpc::Status::OK);
}

// The read side has ended: the guest closed its half or is gone.
void UnlockStream::GuestLeft() {
  switch (stage_) {
    case Stage::kOutcome: {
      const Error error =
          Error(Reason::kRequestInvalid, "the stream ended without an Outcome")
              .WithAuditId(grant_->audit_id);
      return PostOutcome("unknown", "", "the guest left without an outcome",
                         RefusalStatus(error));
    }
    case Stage::kBegin:
      // Nothing was asked, so there is nothing to record.
      return End(RefusalStatus(
          Error(Reason::kRequestInvalid, "the stream ended without a Begin")));
    case Stage::kEvidence:
      return Refuse(
          Error(Reason::kRequestInvalid, "the stream ended without Evidence"));
    case Stage::kDecision:
    case Stage::kFinished:
      return;
  }
}

void UnlockStream::OnDeadline(Stage stage) {
  const std::lock_guard lock(mutex_);
  if (stage_ != stage) {
    return;
  }
  switch (stage) {
    case Stage::kBegin:
      return End(
          RefusalStatus(Error(Reason::kDeadlineExceeded, "no Begin in time")));
    case Stage::kEvidence:
      return Refuse(Error(Reason::kNonceExpired, "no Evidence in time"));
    case Stage::kOutcome: {
      const Error error = Error(Reason::kDeadlineExceeded, "no Outcome in time")
                              .WithAuditId(grant_->audit_id);
      return PostOutcome("unknown", "", error.message(), RefusalStatus(error));
    }
    case Stage::kDecision:
    case Stage::kFinished:
      return;
  }
}

// Records a refusal that needed no evidence, then ends the stream.
void UnlockStream::Refuse(Error error) {
  EnterStage(Stage::kDecision, {});
  parts_.work->Post(
      [self = shared_from_this(), error = std::move(error)]() mutable {
        error = self->parts_.release->Refuse(self->exchange_, std::move(error));
        self->parts_.metrics->CountRefusal(error.reason());
        LogRefusal(self->exchange_, error);
        const std::lock_guard lock(self->mutex_);
        self->slot_.Leave();
        self->End(RefusalStatus(error));
      });
}

// Records what became of the grant and then ends the stream with `end`, or
// leaves a stream alone that has ended.
void UnlockStream::PostOutcome(std::string result, std::string reason,
                               std::string detail,
                               std::optional<grpc::Status> end) {
  if (end.has_value()) {
    EnterStage(Stage::kDecision, {});
  }
  parts_.work->Post([self = shared_from_this(), result = std::move(result),
                     reason = std::move(reason), detail = std::move(detail),
                     end = std::move(end)] {
    const auto recorded = self->parts_.release->RecordOutcome(
        self->exchange_, *self->grant_, result, reason, detail);
    self->parts_.metrics->CountOutcome(result);
    LogOutcome(self->exchange_, self->grant_->audit_id,
               {result, reason, detail}, recorded);
    if (end.has_value()) {
      const std::lock_guard lock(self->mutex_);
      // OK promises the guest that its outcome is on record.
      self->End(recorded.has_value() || !end->ok()
                    ? *end
                    : RefusalStatus(recorded.error()));
    }
  });
}

// The guest's answer is read only now, so that no second write can begin while
// the first is under way.
void UnlockStream::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  if (stage_ == Stage::kFinished) {
    return;
  }
  if (!ok) {
    GuestLeft();
    return;
  }
  StartRead(&incoming_);
}

void UnlockStream::OnCancel() {
  const std::lock_guard lock(mutex_);
  switch (stage_) {
    case Stage::kOutcome:
      PostOutcome("unknown", "", "the guest left without an outcome",
                  std::nullopt);
      break;
    case Stage::kBegin:
    case Stage::kEvidence:
    case Stage::kDecision:
    case Stage::kFinished:
      break;
  }
  End(grpc::Status::CANCELLED);
}

void UnlockStream::OnDone() {
  // It may be the last holder of the stream, so it dies after the lock.
  std::shared_ptr<UnlockStream> self;
  const std::lock_guard lock(mutex_);
  self = std::move(self_);
}

void UnlockStream::EnterStage(Stage stage, std::chrono::milliseconds timeout) {
  parts_.deadlines->Cancel(std::exchange(deadline_, 0));
  stage_ = stage;
  if (timeout.count() == 0) {
    return;
  }
  deadline_ =
      parts_.deadlines->After(timeout, [weak = weak_from_this(), stage] {
        if (const auto self = weak.lock()) {
          self->OnDeadline(stage);
        }
      });
}

void UnlockStream::Send(v1::ServerMessage message) {
  outgoing_ = std::move(message);
  writing_ = true;
  StartWrite(&outgoing_);
}

void UnlockStream::End(const grpc::Status& status) {
  if (stage_ == Stage::kFinished) {
    return;
  }
  EnterStage(Stage::kFinished, {});
  slot_.Leave();
  if (writing_) {
    // The guest does not take what it was sent, so it would not take a status
    // either: the stream is reset instead of waiting behind it.
    context_->TryCancel();
  }
  Finish(status);
}

Error UnlockStream::ProtocolError(std::string_view expected) const {
  return {Reason::kRequestInvalid,
          "expected " + std::string(expected) + " at this step"};
}

}  // namespace

void ReleaseService::SetTimeouts(const ReleaseTimeouts& timeouts) {
  const std::lock_guard lock(mutex_);
  timeouts_ = timeouts;
}

grpc::ServerBidiReactor<v1::GuestMessage, v1::ServerMessage>*
ReleaseService::Unlock(grpc::CallbackServerContext* context) {
  std::unique_lock lock(mutex_);
  const ReleaseTimeouts timeouts = timeouts_;
  lock.unlock();
  const auto stream =
      std::make_shared<UnlockStream>(parts_, timeouts, &open_, context);
  stream->Start();
  return stream.get();
}

}  // namespace tdxvfs::keyserver
