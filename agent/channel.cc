// SPDX-License-Identifier: Apache-2.0
#include "agent/channel.h"

#include <functional>
#include <string>
#include <utility>

#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/channel_arguments.h>

namespace tdxvfs::agent {
namespace {

// The largest answer: a sealed grant is below 8 KiB.
constexpr int kMaxAnswer = 64 * 1024;
constexpr int kMaxMetadata = 16 * 1024;

// A verifier of our own replaces gRPC's host name check, and gRPC's own chain
// check would hide its verdict: both are done here instead.
class IdentityVerifier
    : public grpc::experimental::ExternalCertificateVerifier {
 public:
  IdentityVerifier(ServerIdentity identity,
                   std::shared_ptr<IdentityVerdict> verdict)
      : identity_(std::move(identity)), verdict_(std::move(verdict)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/,
              grpc::Status* sync_status) override {
    grpc::string_ref pem = request->peer_cert_full_chain();
    if (pem.empty()) {
      pem = request->peer_cert();
    }
    Result<void> result =
        CheckServerIdentity(identity_, {pem.data(), pem.size()});
    *sync_status = result.has_value()
                       ? grpc::Status::OK
                       : grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                                      result.error().ToString());
    verdict_->Set(std::move(result));
    return true;
  }

  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*
              /*request*/) override {}

 private:
  ServerIdentity identity_;
  std::shared_ptr<IdentityVerdict> verdict_;
};

std::shared_ptr<grpc::ChannelCredentials> Credentials(
    const ServerIdentity& identity,
    const std::shared_ptr<IdentityVerdict>& verdict) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  if (!identity.ca_pem.empty()) {
    // Else gRPC parses every root of the system, which costs more than the
    // whole exchange; the verdict is the verifier's either way.
    options.set_certificate_provider(
        std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
            identity.ca_pem));
    options.watch_root_certs();
  }
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<IdentityVerifier>(
          identity, verdict));
  return grpc::experimental::TlsCredentials(options);
}

// gRPC writes lines of its own to standard error; what they say comes back as
// an error anyway.
void KeepGrpcQuiet() {
  gpr_set_log_function([](gpr_log_func_args* /*line*/) {});
}

}  // namespace

void IdentityVerdict::Set(Result<void> verdict) {
  const std::lock_guard lock(mutex_);
  refusal_.reset();
  if (!verdict.has_value()) {
    refusal_ = std::move(verdict).error();
  }
}

std::optional<Error> IdentityVerdict::refusal() const {
  const std::lock_guard lock(mutex_);
  return refusal_;
}

ServerChannel OpenChannel(const ServerIdentity& identity) {
  KeepGrpcQuiet();
  auto verdict = std::make_shared<IdentityVerdict>();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadata);
  arguments.SetMaxReceiveMessageSize(kMaxAnswer);
  // One connection per channel, so that a new attempt is a new handshake.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return {grpc::CreateCustomChannel("dns:///" + identity.address.ToString(),
                                    Credentials(identity, verdict), arguments),
          verdict};
}

}  // namespace tdxvfs::agent
