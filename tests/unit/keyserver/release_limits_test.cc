// SPDX-License-Identifier: Apache-2.0
// What the key server does about time, load, broken disks and its own end.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <openssl/ssl.h>

#include "common/unique_fd.h"
#include "tests/support/release_rig.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Ending;
using ::testing::HasSubstr;
using testing::RawGuest;
using testing::ReleaseRig;

UniqueFd Connect(const std::string& address) {
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(static_cast<std::uint16_t>(
      std::stoi(address.substr(address.rfind(':') + 1))));
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&target),
                    sizeof(target)),
            0);
  return client;
}

// The release of an honest guest, if it gets one.
std::optional<v1::Release> Release(RawGuest* guest) {
  EXPECT_TRUE(guest->Send(guest->EvidenceFor(guest->Open())));
  const auto message = guest->Receive();
  if (!message.has_value()) {
    return std::nullopt;
  }
  return message->release();
}

TEST(ReleaseLimits, A10_SilentStreamEndsAtItsDeadline) {
  ReleaseRig rig([](Config* c) { c->begin_timeout = milliseconds(100); });
  RawGuest guest(rig);
  const Ending ending = guest.Finish();
  EXPECT_EQ(ending.reason, "deadline-exceeded");
  EXPECT_EQ(ending.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  // Nothing was asked, so nothing is on record.
  EXPECT_EQ(rig.LastAudit(), "");
}

TEST(ReleaseLimits, A2_NonceExpires) {
  ReleaseRig rig([](Config* c) { c->evidence_timeout = seconds(1); });
  RawGuest guest(rig);
  EXPECT_EQ(guest.Open().deadline_seconds(), 1U);
  const Ending ending = guest.Finish();
  EXPECT_EQ(ending.reason, "nonce-expired");
  EXPECT_THAT(rig.Audit(ending.audit_id), HasSubstr("nonce-expired"));
}

TEST(ReleaseLimits, MissingOutcomeIsRecordedAsUnknown) {
  // Time enough for the server to hear that its grant was taken: a stream that
  // times out before is reset, without a reason.
  ReleaseRig rig([](Config* c) { c->outcome_timeout = seconds(2); });
  RawGuest guest(rig);
  ASSERT_TRUE(Release(&guest).has_value());
  const Ending ending = guest.Finish();
  EXPECT_EQ(ending.reason, "deadline-exceeded");
  EXPECT_THAT(rig.Audit(ending.audit_id), HasSubstr("\"result\":\"unknown\""));
}

TEST(ReleaseLimits, A10_TooManyAttestationsAreAskedToComeBack) {
  ReleaseRig rig([](Config* c) { c->admission.attestations = 2; });
  RawGuest first(rig);
  (void)first.Open();
  auto second = std::make_unique<RawGuest>(rig);
  (void)second->Open();
  {
    RawGuest third(rig);
    const Ending ending = third.Finish();
    EXPECT_EQ(ending.reason, "server-overloaded");
    EXPECT_EQ(ending.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_GT(ending.retry_after, 0U);
    EXPECT_EQ(ending.audit_id, "");
  }
  // A place is free again once a stream has ended.
  second->Cancel();
  (void)second->Finish();
  bool admitted = false;
  while (!admitted) {
    RawGuest fourth(rig);
    admitted = fourth.Send(fourth.Begin()) && fourth.Receive().has_value();
  }
}

TEST(ReleaseLimits, A17_RefusalsAboveThePeerLimitAreNotRecorded) {
  ReleaseRig rig([](Config* c) {
    c->admission.peer_burst = 1;
    c->admission.peer_per_minute = 1;
  });
  RawGuest first(rig);
  ASSERT_TRUE(Release(&first).has_value());
  const std::string last = rig.LastAudit();
  for (int i = 0; i < 5; ++i) {
    RawGuest guest(rig);
    const Ending ending = guest.Finish();
    EXPECT_EQ(ending.reason, "server-overloaded");
    EXPECT_GT(ending.retry_after, 30U);
  }
  EXPECT_EQ(rig.LastAudit(), last);
}

TEST(ReleaseLimits, A10_ConnectionsAboveTheCapAreClosed) {
  ReleaseRig rig([](Config* c) { c->connections = 3; });
  std::vector<UniqueFd> silent;
  silent.reserve(3);
  for (int i = 0; i < 3; ++i) {
    silent.push_back(Connect(rig.server().address()));
  }
  const UniqueFd refused = Connect(rig.server().address());
  char byte = 0;
  EXPECT_LE(recv(refused.get(), &byte, 1, 0), 0);
}

TEST(ReleaseLimits, A10_HalfOpenHandshakesAreDropped) {
  ReleaseRig rig;
  const UniqueFd silent = Connect(rig.server().address());
  const UniqueFd half = Connect(rig.server().address());
  // The beginning of a TLS record, and never its end.
  ASSERT_EQ(send(half.get(), "\x16\x03\x01\x02\x00\x01", 6, MSG_NOSIGNAL), 6);
  char byte = 0;
  EXPECT_LE(recv(silent.get(), &byte, 1, 0), 0);
  EXPECT_LE(recv(half.get(), &byte, 1, 0), 0);
}

TEST(ReleaseLimits, JunkInsteadOfTlsIsDropped) {
  ReleaseRig rig;
  const UniqueFd client = Connect(rig.server().address());
  const std::string junk(4096, 'j');
  (void)send(client.get(), junk.data(), junk.size(), MSG_NOSIGNAL);
  char byte = 0;
  while (recv(client.get(), &byte, 1, 0) > 0) {
  }
  RawGuest guest(rig);
  EXPECT_TRUE(Release(&guest).has_value());
}

struct SslParts {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{
      SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> connection{nullptr, SSL_free};
};

bool HandshakeWith(ReleaseRig* rig, int version) {
  const UniqueFd client = Connect(rig->server().address());
  SslParts ssl;
  SSL_CTX_set_min_proto_version(ssl.context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(ssl.context.get(), version);
  const unsigned char http2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(ssl.context.get(), http2, sizeof(http2));
  ssl.connection.reset(SSL_new(ssl.context.get()));
  SSL_set_fd(ssl.connection.get(), client.get());
  return SSL_connect(ssl.connection.get()) == 1;
}

TEST(ReleaseLimits, TakesTls13Only) {
  ReleaseRig rig;
  EXPECT_TRUE(HandshakeWith(&rig, TLS1_3_VERSION));
  EXPECT_FALSE(HandshakeWith(&rig, TLS1_2_VERSION));
}

TEST(ReleaseLimits, ReleaseThatCannotBeRecordedDoesNotHappen) {
  ReleaseRig rig;
  RawGuest guest(rig);
  const v1::GuestMessage evidence = guest.EvidenceFor(guest.Open());
  // No file of this process can grow: the audit log's disk is full.
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  rlimit none = old_limit;
  none.rlim_cur = 1;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  const Ending ending = guest.Refused(evidence);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  ASSERT_NE(std::signal(SIGXFSZ, old_handler), SIG_ERR);
  EXPECT_EQ(ending.reason, "audit-unavailable");
  EXPECT_EQ(ending.audit_id, "");
  RawGuest second(rig);
  EXPECT_TRUE(Release(&second).has_value());
}

// OK would tell the guest that it is on record.
TEST(ReleaseLimits, AnOutcomeThatCannotBeRecordedIsNotConfirmed) {
  ReleaseRig rig;
  RawGuest guest(rig);
  const auto release = Release(&guest);
  ASSERT_TRUE(release.has_value());
  const auto log =
      std::filesystem::path(rig.config().audit_directory) / "audit.jsonl";
  const std::filesystem::path aside = log.string() + ".aside";
  std::filesystem::rename(log, aside);
  ASSERT_TRUE(guest.Send(guest.OutcomeFor(*release, true)));
  EXPECT_EQ(guest.Finish().reason, "audit-unavailable");
  std::filesystem::rename(aside, log);
}

// A guest may take minutes to open its volume; only deciding costs anything.
TEST(ReleaseLimits, AGuestThatHasItsGrantTakesNoPlaceAnyMore) {
  ReleaseRig rig([](Config* c) { c->admission.attestations = 1; });
  RawGuest first(rig);
  ASSERT_TRUE(Release(&first).has_value());
  RawGuest second(rig);
  EXPECT_TRUE(Release(&second).has_value());
}

TEST(ReleaseLimits, WithoutCollateralNothingIsReleasedUnlessSaid) {
  ReleaseRig rig([](Config* c) {
    c->collateral.source = CollateralConfig::Source::kPccs;
    c->collateral.pccs_url = "http://127.0.0.1:1/";
    c->collateral.cache = c->store + ".collateral";
  });
  RawGuest guest(rig);
  const Ending ending = guest.Refused(guest.EvidenceFor(guest.Open()));
  EXPECT_EQ(ending.reason, "collateral-unavailable");
  EXPECT_EQ(ending.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  // The quote is genuine, so it is kept for `policy from-audit`.
  EXPECT_THAT(rig.Audit(ending.audit_id), HasSubstr("\"quote\":\""));
}

TEST(ReleaseLimits, StopLetsAGuestInFlightFinish) {
  ReleaseRig rig;
  RawGuest guest(rig);
  const auto release = Release(&guest);
  ASSERT_TRUE(release.has_value());
  std::thread stopping([&rig] { rig.server().Stop(); });
  EXPECT_TRUE(guest.Send(guest.OutcomeFor(*release, true)));
  EXPECT_TRUE(guest.Finish().status.ok());
  stopping.join();
}

TEST(ReleaseLimits, StopEndsAGuestThatDoesNotFinish) {
  ReleaseRig rig([](Config* c) { c->stop_timeout = milliseconds(100); });
  RawGuest guest(rig);
  ASSERT_TRUE(Release(&guest).has_value());
  rig.server().Stop();
  EXPECT_FALSE(guest.Finish().status.ok());
}

TEST(ReleaseLimits, VersionsPoliciesAndAuditSurviveARestart) {
  ReleaseRig rig;
  RawGuest first(rig);
  ASSERT_TRUE(Release(&first).has_value());
  first.Cancel();
  (void)first.Finish();
  rig.Restart();
  RawGuest second(rig);
  EXPECT_TRUE(Release(&second).has_value());
  EXPECT_THAT(rig.LastAudit(), HasSubstr("-2\""));
}

// The stopped server's configuration, on a machine where the store's disk is
// not mounted.
Config WithoutItsStore(ReleaseRig* rig) {
  rig->server().Stop();
  Config config = rig->config();
  config.store += ".unmounted";
  config.admin_socket += ".next";
  return config;
}

TEST(ReleaseLimits, AServerThatLostItsStoreDoesNotBeginAnew) {
  ReleaseRig rig;
  const Config config = WithoutItsStore(&rig);
  EXPECT_THAT(KeyServer::Start(config), testing::Fails(Reason::kStoreInvalid));
  EXPECT_FALSE(std::filesystem::exists(config.store));
}

TEST(ReleaseLimits, AStartWithoutAnAuditFolderMakesNoStore) {
  ReleaseRig rig;
  Config config = WithoutItsStore(&rig);
  config.audit_directory += ".unmounted";
  EXPECT_THAT(KeyServer::Start(config), testing::Fails(Reason::kConfigMissing));
  EXPECT_FALSE(std::filesystem::exists(config.store));
}

TEST(ReleaseLimits, ManyGuestsAtATimeAllGetTheirGrant) {
  ReleaseRig rig;
  std::vector<std::thread> guests;
  guests.reserve(16);
  for (int i = 0; i < 16; ++i) {
    guests.emplace_back([&rig] {
      RawGuest guest(rig);
      const auto release = Release(&guest);
      ASSERT_TRUE(release.has_value());
      EXPECT_TRUE(guest.Send(guest.OutcomeFor(*release, true)));
      EXPECT_TRUE(guest.Finish().status.ok());
    });
  }
  for (std::thread& guest : guests) {
    guest.join();
  }
}

}  // namespace
}  // namespace tdxvfs::keyserver
