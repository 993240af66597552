// SPDX-License-Identifier: Apache-2.0
#include "bench/guest_client.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "agent/refusal_wire.h"
#include "bench/must.h"
#include "common/hex.h"
#include "common/hkdf.h"
#include "common/hpke.h"

namespace tdxvfs::bench {
namespace {

// As patient as the agent, which waits up to this long for its release.
constexpr std::chrono::seconds kPatience{60};

std::string ConfigDigest() {
  std::string digest(32, 'c');
  return digest;
}

}  // namespace

std::shared_ptr<grpc::ChannelCredentials> GuestCredentials(
    const PretendFleet& fleet) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = fleet.ca_pem();
  return grpc::SslCredentials(options);
}

GuestClient::GuestClient(
    const PretendFleet& fleet,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    const std::string& address, Answers answers)
    : fleet_(fleet), answers_(answers), key_(Must(X25519KeyPair::Generate())) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  stub_ = v1::KeyRelease::NewStub(
      grpc::CreateCustomChannel(address, credentials, arguments));
  context_.set_deadline(std::chrono::system_clock::now() + kPatience);
  stream_ = stub_->Unlock(&context_);
}

Result<std::size_t> GuestClient::Unlock() {
  ASSIGN_OR_RETURN(const v1::ServerMessage challenge, Ask(Begin()));
  const auto report_data = ReportData(challenge.challenge().nonce());
  ASSIGN_OR_RETURN(const v1::ServerMessage answer, Ask(Evidence(report_data)));
  ASSIGN_OR_RETURN(const v1::GuestMessage outcome,
                   Outcome(answer.release(), report_data));
  (void)stream_->Write(outcome);
  RETURN_IF_ERROR(End());
  return answer.release().ciphertext().size();
}

Result<v1::ServerMessage> GuestClient::Ask(const v1::GuestMessage& message) {
  v1::ServerMessage answer;
  if (stream_->Write(message) && stream_->Read(&answer)) {
    return answer;
  }
  RETURN_IF_ERROR(End());
  return Error(Reason::kServerMisbehaved, "the stream ended early");
}

Result<void> GuestClient::End() {
  const grpc::Status status = stream_->Finish();
  if (!status.ok()) {
    return agent::ErrorFromStatus(status);
  }
  return {};
}

v1::GuestMessage GuestClient::Begin() const {
  v1::GuestMessage message;
  v1::Begin* begin = message.mutable_begin();
  begin->set_volume(kFleetVolume);
  begin->set_purpose(v1::OPEN);
  begin->set_header_sha256(fleet_.header());
  begin->set_evidence(v1::TDX_QUOTE);
  begin->set_agent_version("0.1.0");
  return message;
}

attest::ReportDataBytes GuestClient::ReportData(
    const std::string& nonce) const {
  return Must(attest::ReportData(
      {.purpose = "OPEN",
       .nonce = AsBytes(nonce),
       .public_key = key_.public_key,
       .volume = kFleetVolume,
       .header_sha256 = AsBytes(fleet_.header()),
       .certificate_sha256 = AsBytes(fleet_.certificate_sha256()),
       .config_digest = AsBytes(ConfigDigest())}));
}

v1::GuestMessage GuestClient::Evidence(
    const attest::ReportDataBytes& report_data) const {
  attest::TdReport report = fleet_.report();
  report.report_data = report_data;
  const auto quote = Must(fleet_.signer().Sign(4, report));
  v1::GuestMessage message;
  v1::Evidence* evidence = message.mutable_evidence();
  evidence->set_quote(quote.data(), quote.size());
  evidence->set_public_key(key_.public_key.data(), key_.public_key.size());
  evidence->set_server_certificate_sha256(fleet_.certificate_sha256());
  evidence->set_config_digest(ConfigDigest());
  return message;
}

Result<v1::GuestMessage> GuestClient::Outcome(
    const v1::Release& release,
    const attest::ReportDataBytes& report_data) const {
  X25519PublicKey encapsulated{};
  if (release.encapsulated_key().size() != encapsulated.size()) {
    return Error(Reason::kGrantInvalid, "an encapsulated key that is none");
  }
  std::ranges::copy(AsBytes(release.encapsulated_key()), encapsulated.begin());
  ASSIGN_OR_RETURN(auto hpke,
                   HpkeContext::SetupRecipient(encapsulated, key_,
                                               attest::GrantInfo(report_data)));
  if (answers_ == Answers::kReal) {
    RETURN_IF_ERROR(hpke.Open({}, AsBytes(release.ciphertext())));
  }
  v1::OutcomeBody body;
  body.set_opened(true);
  body.set_version(1);
  v1::GuestMessage message;
  v1::Outcome* outcome = message.mutable_outcome();
  outcome->set_body(body.SerializeAsString());
  ASSIGN_OR_RETURN(const Secret mac_key,
                   hpke.Export(attest::kOutcomeLabel, 32));
  ASSIGN_OR_RETURN(const auto mac,
                   HmacSha256(mac_key, AsBytes(outcome->body())));
  outcome->set_mac(mac.data(), mac.size());
  return message;
}

}  // namespace tdxvfs::bench
