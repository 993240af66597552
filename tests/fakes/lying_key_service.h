// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_FAKES_LYING_KEY_SERVICE_H_
#define TDXVFS_TESTS_FAKES_LYING_KEY_SERVICE_H_

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <grpcpp/server.h>
#include <grpcpp/server_context.h>

#include "agent/server_address.h"
#include "common/hpke.h"
#include "tdxvfs/v1/release.grpc.pb.h"
#include "tests/fakes/test_authority.h"

namespace tdxvfs::testing {

// One conversation with a guest, seen from the server. The steps are honest;
// a test leaves steps out, repeats them or changes what they send. A Send or
// Read that finds the guest gone does nothing.
class Conversation {
 public:
  using Stream = grpc::ServerReaderWriter<v1::ServerMessage, v1::GuestMessage>;
  Conversation(Stream* stream, grpc::ServerContext* context,
               Sha256Digest certificate);

  bool ReadBegin();
  void SendChallenge();
  bool ReadEvidence();
  // A grant that fits what was asked.
  v1::VolumeGrant HonestGrant() const;
  // Seals to the key in the evidence under the report_data as the server
  // computes it, and sends.
  void SendRelease(const v1::VolumeGrant& grant);
  v1::Release Seal(std::string_view plaintext);
  void Send(const v1::ServerMessage& message);
  // False when none comes or its MAC is wrong.
  bool ReadOutcome();
  // Whether the quote starts with these report_data, as the fake source makes
  // them.
  bool QuoteIsBound() const;
  void WaitUntilGuestLeaves();
  grpc::ServerContext& context() { return *context_; }

  std::string nonce;
  v1::Begin begin;
  v1::Evidence evidence;
  v1::OutcomeBody outcome;

 private:
  Stream* stream_;
  grpc::ServerContext* context_;
  Sha256Digest certificate_;
  std::optional<HpkeContext> hpke_;
};

// A refusal as a key server sends it.
grpc::Status RefusalStatus(grpc::StatusCode code, const std::string& slug,
                           const std::string& audit_id = "",
                           std::uint32_t retry_after_seconds = 0);

// A real gRPC server with TLS on a loopback port of the kernel's choice.
class LyingKeyServer {
 public:
  using Script = std::function<grpc::Status(Conversation&)>;
  LyingKeyServer(const ServerCertificate& certificate, Script script);
  LyingKeyServer(const LyingKeyServer&) = delete;
  LyingKeyServer& operator=(const LyingKeyServer&) = delete;
  ~LyingKeyServer();

  agent::ServerAddress Address(const std::string& host = "localhost") const;
  int conversations() const;
  // Of the last conversation that ended with an outcome.
  std::optional<v1::OutcomeBody> outcome() const;

  // Everything as it should be.
  static grpc::Status Honest(Conversation& conversation);

 private:
  class Service;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_FAKES_LYING_KEY_SERVICE_H_
