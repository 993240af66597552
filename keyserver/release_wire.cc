// SPDX-License-Identifier: Apache-2.0
#include "keyserver/release_wire.h"

#include <algorithm>
#include <string>

#include "attest/quote.h"
#include "common/hex.h"
#include "common/volume_name.h"
#include "foreign/google/rpc/status.pb.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kMaxBeginSize = 1024;
constexpr std::size_t kMaxEventLogSize = 256UL * 1024;
constexpr std::size_t kMaxOutcomeSize = 4096;
constexpr std::size_t kMaxAgentVersionSize = 64;

Error Invalid(std::string message) {
  return {Reason::kRequestInvalid, std::move(message)};
}

Error TooLarge(std::string_view what, std::size_t size, std::size_t limit) {
  return {Reason::kMessageTooLarge,
          std::string(what) + " of " + std::to_string(size) +
              " bytes; at most " + std::to_string(limit) + " are taken"};
}

template <std::size_t kSize>
Result<void> CopyExactly(std::string_view field, std::string_view name,
                         std::array<std::uint8_t, kSize>* target) {
  if (field.size() != kSize) {
    return Invalid(std::string(name) + " has " + std::to_string(field.size()) +
                   " bytes, not " + std::to_string(kSize));
  }
  std::ranges::copy(AsBytes(field), target->begin());
  return {};
}

Result<void> ReadPurpose(v1::Purpose purpose, Exchange* exchange) {
  if (purpose == v1::OPEN) {
    exchange->purpose = "OPEN";
    return {};
  }
  const std::string name =
      purpose == v1::FORMAT ? "FORMAT" : std::to_string(purpose);
  exchange->purpose = name;
  return Error(Reason::kPurposeUnsupported,
               "purpose " + name + " is not supported");
}

bool IsPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// Words for the reasons that are about the guest's own messages; for all
// others the slug is all that a guest may know.
std::string MessageForGuest(const Error& error) {
  switch (error.reason()) {
    case Reason::kRequestInvalid:
    case Reason::kMessageTooLarge:
    case Reason::kPurposeUnsupported:
    case Reason::kEvidenceUnsupported:
    case Reason::kServerOverloaded:
      return error.message();
    default:
      return "refused: " + std::string(InfoOf(error.reason()).slug);
  }
}

grpc::Status StatusWith(const Error& error, const std::string& message) {
  const ReasonInfo& info = InfoOf(error.reason());
  v1::Refusal refusal;
  refusal.set_reason(std::string(info.slug));
  refusal.set_audit_id(error.audit_id());
  refusal.set_retry_after_seconds(error.retry_after_seconds());
  google::rpc::Status details;
  details.set_code(info.grpc_code);
  details.set_message(message);
  details.add_details()->PackFrom(refusal);
  return {static_cast<grpc::StatusCode>(info.grpc_code), message,
          details.SerializeAsString()};
}

}  // namespace

Result<void> ReadBegin(const v1::Begin& begin, Exchange* exchange) {
  if (begin.ByteSizeLong() > kMaxBeginSize) {
    return TooLarge("Begin", begin.ByteSizeLong(), kMaxBeginSize);
  }
  if (!CheckVolumeName(begin.volume()).has_value()) {
    return Invalid("the volume id is not a volume name");
  }
  exchange->volume = begin.volume();
  if (begin.agent_version().size() > kMaxAgentVersionSize ||
      !IsPrintable(begin.agent_version())) {
    return Invalid("agent_version is not a version");
  }
  exchange->agent_version = begin.agent_version();
  RETURN_IF_ERROR(ReadPurpose(begin.purpose(), exchange));
  RETURN_IF_ERROR(CopyExactly(begin.header_sha256(), "header_sha256",
                              &exchange->header_sha256));
  if (begin.evidence() != v1::TDX_QUOTE) {
    return Error(Reason::kEvidenceUnsupported,
                 "evidence kind " + std::to_string(begin.evidence()) +
                     " is not supported");
  }
  return {};
}

Result<Evidence> ReadEvidence(const v1::Evidence& evidence) {
  if (evidence.quote().size() > attest::kMaxQuoteSize) {
    return TooLarge("quote", evidence.quote().size(), attest::kMaxQuoteSize);
  }
  if (evidence.event_log().size() > kMaxEventLogSize) {
    return TooLarge("event log", evidence.event_log().size(), kMaxEventLogSize);
  }
  Evidence read;
  RETURN_IF_ERROR(
      CopyExactly(evidence.public_key(), "public_key", &read.public_key));
  RETURN_IF_ERROR(CopyExactly(evidence.server_certificate_sha256(),
                              "server_certificate_sha256",
                              &read.server_certificate_sha256));
  RETURN_IF_ERROR(CopyExactly(evidence.config_digest(), "config_digest",
                              &read.config_digest));
  read.quote.assign(evidence.quote().begin(), evidence.quote().end());
  read.event_log.assign(evidence.event_log().begin(),
                        evidence.event_log().end());
  return read;
}

Result<GuestOutcome> ReadOutcome(const v1::Outcome& outcome) {
  if (outcome.body().size() > kMaxOutcomeSize) {
    return TooLarge("outcome", outcome.body().size(), kMaxOutcomeSize);
  }
  v1::OutcomeBody body;
  if (!body.ParseFromString(outcome.body())) {
    return Invalid("the outcome's body is no OutcomeBody");
  }
  GuestOutcome read{body.opened(), {}};
  if (!read.opened) {
    // Only slugs that both sides know go into the record.
    const auto reason = ReasonFromSlug(body.reason());
    read.reason = InfoOf(reason.value_or(Reason::kInternal)).slug;
  }
  return read;
}

v1::ServerMessage ChallengeMessage(const Nonce& nonce,
                                   std::chrono::seconds deadline) {
  v1::ServerMessage message;
  message.mutable_challenge()->set_nonce(nonce.data(), nonce.size());
  message.mutable_challenge()->set_deadline_seconds(
      static_cast<std::uint32_t>(deadline.count()));
  return message;
}

v1::ServerMessage ReleaseMessage(const SealedGrant& grant) {
  v1::ServerMessage message;
  message.mutable_release()->set_encapsulated_key(
      grant.encapsulated_key.data(), grant.encapsulated_key.size());
  message.mutable_release()->set_ciphertext(grant.ciphertext.data(),
                                            grant.ciphertext.size());
  return message;
}

grpc::Status RefusalStatus(const Error& error) {
  return StatusWith(error, MessageForGuest(error));
}

grpc::Status AdminStatus(const Error& error) {
  return StatusWith(error, error.ToString());
}

}  // namespace tdxvfs::keyserver
