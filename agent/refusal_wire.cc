// SPDX-License-Identifier: Apache-2.0
#include "agent/refusal_wire.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "foreign/google/rpc/status.pb.h"
#include "tdxvfs/v1/release.pb.h"

namespace tdxvfs::agent {
namespace {

constexpr std::size_t kMaxAuditId = 32;
constexpr std::size_t kMaxMessage = 200;
// gRPC makes this status itself when an answer is above our limit.
constexpr std::string_view kTooLarge = "Received message larger than max";

Reason ReasonFromCode(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::ABORTED:
      return Reason::kServerUnreachable;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Reason::kDeadlineExceeded;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return Reason::kServerOverloaded;
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::NOT_FOUND:
      return Reason::kRefusedByPolicy;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::ALREADY_EXISTS:
      return Reason::kRequestInvalid;
    case grpc::StatusCode::UNIMPLEMENTED:
      return Reason::kServerMisbehaved;
    default:
      return Reason::kInternal;
  }
}

// A server speaks about itself and about evidence, never about this machine's
// files: other slugs would only mislead.
bool IsServersReason(Reason reason) {
  const int family = InfoOf(reason).exit_code;
  return family == 4 || family == 5 || reason == Reason::kInternal;
}

std::optional<tdxvfs::v1::Refusal> RefusalIn(const grpc::Status& status) {
  google::rpc::Status rich;
  if (!rich.ParseFromString(status.error_details())) {
    return std::nullopt;
  }
  for (const auto& detail : rich.details()) {
    tdxvfs::v1::Refusal refusal;
    if (detail.Is<tdxvfs::v1::Refusal>() && detail.UnpackTo(&refusal)) {
      return refusal;
    }
  }
  return std::nullopt;
}

// Ids are short words; anything else is not worth repeating.
bool IsAuditId(std::string_view text) {
  return text.size() <= kMaxAuditId &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-';
         });
}

}  // namespace

Error ErrorFromStatus(const grpc::Status& status) {
  const std::string words = status.error_message().substr(0, kMaxMessage);
  if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
      std::string_view(words).starts_with(kTooLarge)) {
    return {Reason::kServerMisbehaved, "the answer is too large: " + words};
  }
  const auto refusal = RefusalIn(status);
  if (!refusal.has_value()) {
    return {ReasonFromCode(status.error_code()),
            words.empty() ? "no reason given" : words};
  }
  const auto known = ReasonFromSlug(refusal->reason());
  const bool usable = known.has_value() && IsServersReason(*known);
  const std::string slug = refusal->reason().substr(0, kMaxMessage);
  const std::string audit_id =
      IsAuditId(refusal->audit_id()) ? refusal->audit_id() : std::string();
  return Error(usable ? *known : ReasonFromCode(status.error_code()),
               "refused: " + slug)
      .WithAuditId(audit_id)
      .WithRetryAfter(refusal->retry_after_seconds());
}

}  // namespace tdxvfs::agent
