// SPDX-License-Identifier: Apache-2.0
#include "tests/support/release_rig.h"

#include <algorithm>
#include <span>
#include <utility>

#include "attest/policy/measurement_policy.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/hkdf.h"
#include "common/hpke.h"
#include "common/process_hardening.h"
#include "foreign/google/rpc/status.pb.h"
#include "keyserver/init.h"
#include "keyserver/leaf_certificate.h"
#include "simulator/pki.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::testing {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;

std::span<const std::uint8_t> Bytes(const std::string& text) {
  return AsBytes(text);
}

void Check(const Result<void>& result) {
  if (!result.has_value()) {
    ADD_FAILURE() << result.error().ToString();
    std::abort();
  }
}

}  // namespace

ReleaseRig::ReleaseRig(const Change& change, const Clock* clock)
    : clock_(clock) {
  Check(AllowOnlyTls13());
  pki_ = std::make_unique<simulator::Pki>(
      Checked(simulator::Pki::Make(simulator::GoodPkiSpec())));
  signer_ = std::make_unique<simulator::QuoteSigner>(
      Checked(simulator::QuoteSigner::Create(*pki_)));
  const auto anchor = folder_.path() / "root.pem";
  Check(WriteNewFile(anchor, AsBytes(Checked(pki_->RootPem())), 0644));
  const auto directory = folder_.path() / "server";
  Checked(keyserver::Init({.directory = directory,
                           .names = {"localhost", "127.0.0.1"},
                           .listen = "127.0.0.1:0",
                           .trust_anchor = anchor,
                           .collateral = "none"}));
  config_ = Checked(keyserver::LoadConfig(directory / "keyserver.toml"));
  change(&config_);
  ca_pem_ = Checked(ReadFile(directory / "tls" / "ca.pem", kMaxFile));
  certificate_ = Checked(keyserver::ReadLeafCertificate(Checked(
                             ReadFile(config_.tls_certificate, kMaxFile))))
                     .sha256;
  Start();
  EXPECT_TRUE(PutVersion(kRigVolume, kRigHeader).ok());
  EXPECT_TRUE(PutPolicy(kRigVolume, GuestPolicy()).ok());
}

void ReleaseRig::SetCertificationType(std::uint16_t type) {
  signer_ = std::make_unique<simulator::QuoteSigner>(
      Checked(simulator::QuoteSigner::Create(*pki_, attest::Tee::kTdx, type)));
}

void ReleaseRig::Start() {
  server_ = Checked(keyserver::KeyServer::Start(config_, {}, clock_));
  Check(server_->CheckHealth());
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  admin_ = admin::v1::Administration::NewStub(
      grpc::CreateCustomChannel("unix:" + config_.admin_socket,
                                grpc::InsecureChannelCredentials(), arguments));
}

void ReleaseRig::End() {
  server_->Stop();
  server_.reset();
}

void ReleaseRig::Restart(const Change& change) {
  End();
  change(&config_);
  Start();
}

std::shared_ptr<grpc::Channel> ReleaseRig::GuestChannel() const {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ca_pem_;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return grpc::CreateCustomChannel(server_->address(),
                                   grpc::SslCredentials(options), arguments);
}

grpc::Status ReleaseRig::PutVersion(std::string_view volume,
                                    std::uint8_t header,
                                    const std::string& profile) {
  admin::v1::PutVersionRequest request;
  request.set_volume(std::string(volume));
  request.set_passphrase(std::string(kRigPassphrase));
  auto* description = request.mutable_description();
  description->set_uuid("c9c1d1a0-0000-4000-8000-000000000001");
  description->set_header_size(1 << 20);
  description->set_header_sha256(Digest(header));
  description->set_header_profile(profile);
  description->set_file_system("erofs");
  description->add_mount_options("ro");
  grpc::ClientContext context;
  admin::v1::PutVersionResponse response;
  return admin_->PutVersion(&context, request, &response);
}

grpc::Status ReleaseRig::PutPolicy(std::string_view volume,
                                   const std::string& json) {
  admin::v1::PutPolicyRequest request;
  request.set_volume(std::string(volume));
  request.set_json(json);
  grpc::ClientContext context;
  admin::v1::Empty response;
  return admin_->PutPolicy(&context, request, &response);
}

std::string ReleaseRig::Audit(const std::string& audit_id) {
  admin::v1::GetAuditRequest request;
  request.set_audit_id(audit_id);
  grpc::ClientContext context;
  admin::v1::GetAuditResponse response;
  const grpc::Status status = admin_->GetAudit(&context, request, &response);
  return status.ok() ? response.record() : "";
}

std::string ReleaseRig::LastAudit() {
  admin::v1::ListAuditRequest request;
  request.set_limit(1);
  grpc::ClientContext context;
  admin::v1::ListAuditResponse response;
  const grpc::Status status = admin_->ListAudit(&context, request, &response);
  return status.ok() && response.records_size() == 1 ? response.records(0) : "";
}

attest::TdReport ReleaseRig::GuestReport() {
  attest::TdReport report = simulator::GoodTdReport();
  report.mr_td.fill(0xa1);
  for (std::size_t i = 0; i < 3; ++i) {
    report.rtmr.at(i).fill(static_cast<std::uint8_t>(0xb0 + i));
  }
  return report;
}

std::string ReleaseRig::GuestPolicy() {
  return policy::PolicyFromReport(GuestReport(), false).value();
}

std::string ReleaseRig::Digest(std::uint8_t first) {
  std::string digest(32, '\0');
  digest[0] = static_cast<char>(first);
  return digest;
}

RawGuest::RawGuest(const ReleaseRig& rig)
    : rig_(rig),
      key_(Checked(X25519KeyPair::Generate())),
      stub_(v1::KeyRelease::NewStub(rig.GuestChannel())) {
  claims_.certificate = AsText(rig.certificate_sha256());
  context_.set_deadline(std::chrono::system_clock::now() +
                        std::chrono::seconds(60));
  stream_ = stub_->Unlock(&context_);
}

RawGuest::~RawGuest() {
  if (!finished_) {
    context_.TryCancel();
    (void)Finish();
  }
}

v1::GuestMessage RawGuest::Begin(std::string_view volume) const {
  v1::GuestMessage message;
  v1::Begin* begin = message.mutable_begin();
  begin->set_volume(std::string(volume));
  begin->set_purpose(v1::OPEN);
  begin->set_header_sha256(claims_.header);
  begin->set_evidence(v1::TDX_QUOTE);
  begin->set_agent_version("0.1.0-test");
  return message;
}

attest::ReportDataBytes RawGuest::ReportDataFor(
    const std::string& nonce) const {
  return Checked(
      attest::ReportData({.purpose = "OPEN",
                          .nonce = Bytes(nonce),
                          .public_key = key_.public_key,
                          .volume = claims_.volume,
                          .header_sha256 = Bytes(claims_.header),
                          .certificate_sha256 = Bytes(claims_.certificate),
                          .config_digest = Bytes(claims_.config_digest)}));
}

v1::GuestMessage RawGuest::EvidenceFor(const v1::Challenge& challenge,
                                       const attest::TdReport& report) const {
  attest::TdReport bound = report;
  bound.report_data = ReportDataFor(challenge.nonce());
  const auto quote = Checked(rig_.signer().Sign(4, bound));
  v1::GuestMessage message;
  v1::Evidence* evidence = message.mutable_evidence();
  evidence->set_quote(quote.data(), quote.size());
  evidence->set_public_key(key_.public_key.data(), key_.public_key.size());
  evidence->set_server_certificate_sha256(claims_.certificate);
  evidence->set_config_digest(claims_.config_digest);
  return message;
}

std::optional<v1::VolumeGrant> RawGuest::OpenGrant(const v1::Release& release) {
  X25519PublicKey encapsulated{};
  if (release.encapsulated_key().size() != encapsulated.size()) {
    return std::nullopt;
  }
  std::ranges::copy(Bytes(release.encapsulated_key()), encapsulated.begin());
  auto hpke = HpkeContext::SetupRecipient(
      encapsulated, key_, attest::GrantInfo(ReportDataFor(nonce_)));
  if (!hpke.has_value()) {
    return std::nullopt;
  }
  auto opened = hpke->Open({}, Bytes(release.ciphertext()));
  v1::VolumeGrant grant;
  if (!opened.has_value() ||
      !grant.ParseFromString(std::string(AsText(opened->Reveal())))) {
    return std::nullopt;
  }
  outcome_key_ = Checked(hpke->Export(attest::kOutcomeLabel, 32));
  return grant;
}

v1::GuestMessage RawGuest::OutcomeFor(const v1::Release& release, bool opened) {
  if (outcome_key_.empty()) {
    EXPECT_TRUE(OpenGrant(release).has_value());
  }
  v1::OutcomeBody body;
  body.set_opened(opened);
  body.set_reason(opened ? "" : "mount-failed");
  body.set_version(1);
  v1::GuestMessage message;
  v1::Outcome* outcome = message.mutable_outcome();
  outcome->set_body(body.SerializeAsString());
  const auto mac = Checked(HmacSha256(outcome_key_, Bytes(outcome->body())));
  outcome->set_mac(mac.data(), mac.size());
  return message;
}

bool RawGuest::Send(const v1::GuestMessage& message) {
  return stream_->Write(message);
}

std::optional<v1::ServerMessage> RawGuest::Receive() {
  v1::ServerMessage message;
  if (!stream_->Read(&message)) {
    return std::nullopt;
  }
  return message;
}

Ending RawGuest::Finish() {
  while (Receive().has_value()) {
  }
  finished_ = true;
  Ending ending{stream_->Finish(), "", "", 0};
  google::rpc::Status details;
  v1::Refusal refusal;
  if (details.ParseFromString(ending.status.error_details()) &&
      details.details_size() == 1 && details.details(0).UnpackTo(&refusal)) {
    ending.reason = refusal.reason();
    ending.audit_id = refusal.audit_id();
    ending.retry_after = refusal.retry_after_seconds();
  }
  return ending;
}

void RawGuest::Cancel() { context_.TryCancel(); }

v1::Challenge RawGuest::Open(std::string_view volume) {
  claims_.volume = volume;
  EXPECT_TRUE(Send(Begin(volume)));
  const auto message = Receive();
  if (!message.has_value() || !message->has_challenge()) {
    ADD_FAILURE() << "no challenge";
    return {};
  }
  nonce_ = message->challenge().nonce();
  return message->challenge();
}

Ending RawGuest::Refused(const v1::GuestMessage& evidence) {
  EXPECT_TRUE(Send(evidence));
  EXPECT_FALSE(Receive().has_value()) << "the server released";
  return Finish();
}

}  // namespace tdxvfs::testing
