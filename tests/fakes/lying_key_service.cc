// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/lying_key_service.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <openssl/rand.h>

#include "attest/report_data.h"
#include "common/hex.h"
#include "foreign/google/rpc/status.pb.h"

namespace tdxvfs::testing {

Conversation::Conversation(Stream* stream, grpc::ServerContext* context,
                           Sha256Digest certificate)
    : nonce(32, '\0'),
      stream_(stream),
      context_(context),
      certificate_(certificate) {
  RAND_bytes(reinterpret_cast<std::uint8_t*>(nonce.data()),
             static_cast<int>(nonce.size()));
}

bool Conversation::ReadBegin() {
  v1::GuestMessage message;
  const bool read = stream_->Read(&message) && message.has_begin();
  begin = message.begin();
  return read;
}

void Conversation::SendChallenge() {
  v1::ServerMessage message;
  message.mutable_challenge()->set_nonce(nonce);
  message.mutable_challenge()->set_deadline_seconds(30);
  Send(message);
}

bool Conversation::ReadEvidence() {
  v1::GuestMessage message;
  const bool read = stream_->Read(&message) && message.has_evidence();
  evidence = message.evidence();
  return read;
}

v1::VolumeGrant Conversation::HonestGrant() const {
  v1::VolumeGrant grant;
  grant.set_volume(begin.volume());
  grant.set_purpose(begin.purpose());
  grant.set_version(3);
  grant.set_passphrase("correct horse battery staple, 32");
  grant.set_uuid("01234567-89ab-cdef-0123-456789abcdef");
  grant.set_header_size(std::uint64_t{1024} * 1024);
  grant.set_header_sha256(begin.header_sha256());
  grant.set_header_profile("sealed-1");
  grant.set_file_system("erofs");
  grant.add_mount_options("ro");
  return grant;
}

void Conversation::SendRelease(const v1::VolumeGrant& grant) {
  v1::ServerMessage message;
  *message.mutable_release() = Seal(grant.SerializeAsString());
  Send(message);
}

v1::Release Conversation::Seal(std::string_view plaintext) {
  const auto report_data =
      attest::ReportData({.purpose = "OPEN",
                          .nonce = AsBytes(nonce),
                          .public_key = AsBytes(evidence.public_key()),
                          .volume = begin.volume(),
                          .header_sha256 = AsBytes(begin.header_sha256()),
                          .certificate_sha256 = certificate_,
                          .config_digest = AsBytes(evidence.config_digest())})
          .value();
  X25519PublicKey recipient{};
  std::copy(evidence.public_key().begin(), evidence.public_key().end(),
            recipient.begin());
  X25519PublicKey encapsulated{};
  auto hpke = HpkeContext::SetupSender(
      recipient, attest::GrantInfo(report_data), &encapsulated);
  const Secret secret = Secret::CopyOf(AsBytes(plaintext)).value();
  const auto ciphertext = hpke.value().Seal({}, secret).value();
  hpke_.emplace(std::move(hpke).value());
  v1::Release release;
  release.set_encapsulated_key(std::string(AsText(encapsulated)));
  release.set_ciphertext(std::string(AsText(ciphertext)));
  return release;
}

void Conversation::Send(const v1::ServerMessage& message) {
  stream_->Write(message);
}

bool Conversation::ReadOutcome() {
  v1::GuestMessage message;
  if (!stream_->Read(&message) || !message.has_outcome() || !hpke_) {
    return false;
  }
  const Secret key = hpke_->Export(attest::kOutcomeLabel, 32).value();
  const auto mac = HmacSha256(key, AsBytes(message.outcome().body())).value();
  return AsText(mac) == message.outcome().mac() &&
         outcome.ParseFromString(message.outcome().body());
}

bool Conversation::QuoteIsBound() const {
  const auto expected =
      attest::ReportData({.purpose = "OPEN",
                          .nonce = AsBytes(nonce),
                          .public_key = AsBytes(evidence.public_key()),
                          .volume = begin.volume(),
                          .header_sha256 = AsBytes(begin.header_sha256()),
                          .certificate_sha256 = certificate_,
                          .config_digest = AsBytes(evidence.config_digest())})
          .value();
  return evidence.quote() == AsText(expected);
}

void Conversation::WaitUntilGuestLeaves() {
  v1::GuestMessage message;
  while (stream_->Read(&message)) {
  }
}

grpc::Status RefusalStatus(grpc::StatusCode code, const std::string& slug,
                           const std::string& audit_id,
                           std::uint32_t retry_after_seconds) {
  v1::Refusal refusal;
  refusal.set_reason(slug);
  refusal.set_audit_id(audit_id);
  refusal.set_retry_after_seconds(retry_after_seconds);
  google::rpc::Status rich;
  rich.set_code(code);
  rich.add_details()->PackFrom(refusal);
  return {code, slug, rich.SerializeAsString()};
}

class LyingKeyServer::Service : public v1::KeyRelease::Service {
 public:
  Service(Sha256Digest certificate, Script script)
      : certificate_(certificate), script_(std::move(script)) {}

  grpc::Status Unlock(grpc::ServerContext* context,
                      Conversation::Stream* stream) override {
    Conversation conversation(stream, context, certificate_);
    {
      const std::lock_guard lock(mutex_);
      ++conversations_;
    }
    grpc::Status status = script_(conversation);
    const std::lock_guard lock(mutex_);
    if (conversation.outcome.ByteSizeLong() != 0) {
      outcome_ = conversation.outcome;
    }
    return status;
  }

  int conversations() const {
    const std::lock_guard lock(mutex_);
    return conversations_;
  }
  std::optional<v1::OutcomeBody> outcome() const {
    const std::lock_guard lock(mutex_);
    return outcome_;
  }

 private:
  Sha256Digest certificate_;
  Script script_;
  mutable std::mutex mutex_;
  int conversations_ = 0;
  std::optional<v1::OutcomeBody> outcome_;
};

LyingKeyServer::LyingKeyServer(const ServerCertificate& certificate,
                               Script script)
    : service_(std::make_unique<Service>(certificate.certificate_digest,
                                         std::move(script))) {
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back(
      {certificate.key_pem, certificate.certificate_pem});
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options),
                           &port_);
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
}

LyingKeyServer::~LyingKeyServer() {
  // Conversations in flight are cancelled.
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

agent::ServerAddress LyingKeyServer::Address(const std::string& host) const {
  return {host, static_cast<std::uint16_t>(port_)};
}

int LyingKeyServer::conversations() const { return service_->conversations(); }

std::optional<v1::OutcomeBody> LyingKeyServer::outcome() const {
  return service_->outcome();
}

grpc::Status LyingKeyServer::Honest(Conversation& conversation) {
  if (!conversation.ReadBegin()) {
    return RefusalStatus(grpc::StatusCode::INVALID_ARGUMENT, "request-invalid");
  }
  conversation.SendChallenge();
  if (!conversation.ReadEvidence()) {
    return RefusalStatus(grpc::StatusCode::INVALID_ARGUMENT, "request-invalid");
  }
  if (!conversation.QuoteIsBound()) {
    return RefusalStatus(grpc::StatusCode::PERMISSION_DENIED,
                         "binding-mismatch");
  }
  conversation.SendRelease(conversation.HonestGrant());
  if (!conversation.ReadOutcome()) {
    return RefusalStatus(grpc::StatusCode::UNAUTHENTICATED, "outcome-invalid");
  }
  conversation.context().AddTrailingMetadata("tdxvfs-audit-id", "7f3c-91");
  return grpc::Status::OK;
}

}  // namespace tdxvfs::testing
