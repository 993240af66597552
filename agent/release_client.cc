// SPDX-License-Identifier: Apache-2.0
#include "agent/release_client.h"

#include <algorithm>
#include <utility>

#include "agent/channel.h"
#include "agent/server_identity.h"
#include "agent/unlock_stream_client.h"
#include "common/hex.h"
#include "common/hpke.h"
#include "tdxvfs/v1/release.pb.h"

namespace tdxvfs::agent {
namespace {

using tdxvfs::v1::GuestMessage;
using tdxvfs::v1::ServerMessage;

constexpr std::size_t kNonceSize = 32;
constexpr std::size_t kTagSize = 16;

void SetBytes(std::string* field, std::span<const std::uint8_t> bytes) {
  field->assign(AsText(bytes));
}

GuestMessage BeginMessage(const ReleaseRequest& request) {
  GuestMessage message;
  auto* const begin = message.mutable_begin();
  begin->set_volume(request.volume);
  begin->set_purpose(tdxvfs::v1::OPEN);
  SetBytes(begin->mutable_header_sha256(), request.header_sha256);
  begin->set_evidence(tdxvfs::v1::TDX_QUOTE);
  begin->set_agent_version(TDXVFS_VERSION);
  return message;
}

Error Misbehaved(std::string_view what) {
  return {Reason::kServerMisbehaved, std::string(what)};
}

Result<std::string> NonceOf(const ServerMessage& message) {
  if (!message.has_challenge()) {
    return Misbehaved(message.has_release() ? "a release before any challenge"
                                            : "an empty answer to Begin");
  }
  if (message.challenge().nonce().size() != kNonceSize) {
    return Misbehaved("a challenge of " +
                      std::to_string(message.challenge().nonce().size()) +
                      " bytes");
  }
  return message.challenge().nonce();
}

}  // namespace

struct ReleaseClient::Exchange {
  Exchange(const ServerIdentity& server, ReleaseRequest asked,
           const ReleaseLimits& waits)
      : stream(OpenChannel(server)), request(std::move(asked)), limits(waits) {}

  UnlockStream stream;
  ReleaseRequest request;
  ReleaseLimits limits;
  X25519KeyPair key;
  Sha256Digest certificate{};
  attest::ReportDataBytes report_data{};
  std::optional<HpkeContext> hpke;
};

ReleaseClient::ReleaseClient(std::unique_ptr<Exchange> exchange)
    : exchange_(std::move(exchange)) {}
ReleaseClient::ReleaseClient(ReleaseClient&&) noexcept = default;
ReleaseClient& ReleaseClient::operator=(ReleaseClient&&) noexcept = default;
ReleaseClient::~ReleaseClient() = default;

Result<ReleaseClient> ReleaseClient::Begin(const ServerIdentity& server,
                                           const ReleaseRequest& request,
                                           const ReleaseLimits& limits) {
  RETURN_IF_ERROR(CheckCanIdentify(server));
  auto exchange = std::make_unique<Exchange>(server, request, limits);
  UnlockStream& stream = exchange->stream;
  RETURN_IF_ERROR(stream.Start(limits.connect));
  RETURN_IF_ERROR(stream.Write(BeginMessage(request), limits.connect));
  ASSIGN_OR_RETURN(const ServerMessage answer, stream.Read(limits.connect));
  ASSIGN_OR_RETURN(const std::string nonce, NonceOf(answer));
  ASSIGN_OR_RETURN(exchange->certificate,
                   CertificateDigest(stream.PeerCertificate()));
  ASSIGN_OR_RETURN(exchange->key, X25519KeyPair::Generate());
  ASSIGN_OR_RETURN(exchange->report_data,
                   attest::ReportData({
                       .purpose = "OPEN",
                       .nonce = AsBytes(nonce),
                       .public_key = exchange->key.public_key,
                       .volume = request.volume,
                       .header_sha256 = request.header_sha256,
                       .certificate_sha256 = exchange->certificate,
                       .config_digest = request.config_digest,
                   }));
  return ReleaseClient(std::move(exchange));
}

const attest::ReportDataBytes& ReleaseClient::report_data() const {
  return exchange_->report_data;
}

Result<Secret> ReleaseClient::Redeem(std::span<const std::uint8_t> quote,
                                     std::span<const std::uint8_t> event_log) {
  GuestMessage message;
  auto* const evidence = message.mutable_evidence();
  SetBytes(evidence->mutable_quote(), quote);
  if (!event_log.empty()) {
    SetBytes(evidence->mutable_event_log(), event_log);
  }
  SetBytes(evidence->mutable_public_key(), exchange_->key.public_key);
  SetBytes(evidence->mutable_server_certificate_sha256(),
           exchange_->certificate);
  SetBytes(evidence->mutable_config_digest(), exchange_->request.config_digest);
  RETURN_IF_ERROR(exchange_->stream.Write(message, exchange_->limits.release));
  ASSIGN_OR_RETURN(const ServerMessage answer,
                   exchange_->stream.Read(exchange_->limits.release));
  if (!answer.has_release()) {
    return Misbehaved(answer.has_challenge() ? "a second challenge"
                                             : "an empty answer to Evidence");
  }
  X25519PublicKey encapsulated{};
  const std::string& sent = answer.release().encapsulated_key();
  if (sent.size() != encapsulated.size() ||
      answer.release().ciphertext().size() <= kTagSize) {
    return Error(Reason::kGrantInvalid,
                 "the sealed grant is too short or its key is no key");
  }
  std::copy(sent.begin(), sent.end(), encapsulated.begin());
  ASSIGN_OR_RETURN(
      HpkeContext hpke,
      HpkeContext::SetupRecipient(encapsulated, exchange_->key,
                                  attest::GrantInfo(exchange_->report_data)));
  ASSIGN_OR_RETURN(Secret grant,
                   hpke.Open({}, AsBytes(answer.release().ciphertext())));
  exchange_->hpke.emplace(std::move(hpke));
  return grant;
}

Result<std::string> ReleaseClient::Report(const UnlockOutcome& outcome) {
  if (!exchange_->hpke.has_value()) {
    return Error(Reason::kInternal, "an outcome without a grant");
  }
  tdxvfs::v1::OutcomeBody body;
  body.set_opened(outcome.opened);
  body.set_reason(outcome.reason);
  body.set_version(outcome.version);
  GuestMessage message;
  auto* const sent = message.mutable_outcome();
  sent->set_body(body.SerializeAsString());
  ASSIGN_OR_RETURN(const Secret key,
                   exchange_->hpke->Export(attest::kOutcomeLabel, 32));
  ASSIGN_OR_RETURN(const auto mac, HmacSha256(key, AsBytes(sent->body())));
  SetBytes(sent->mutable_mac(), mac);
  RETURN_IF_ERROR(exchange_->stream.Write(message, exchange_->limits.outcome));
  RETURN_IF_ERROR(exchange_->stream.AwaitEnd(exchange_->limits.outcome));
  return exchange_->stream.AuditId();
}

}  // namespace tdxvfs::agent
