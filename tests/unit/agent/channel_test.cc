// SPDX-License-Identifier: Apache-2.0
// Whom the agent talks to at all: before the first message is sent.
#include "agent/channel.h"

#include "agent/release_client.h"
#include "tests/fakes/lying_key_service.h"
#include "tests/fakes/odd_listener.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::agent {
namespace {

using std::chrono::milliseconds;
using testing::CertificateWish;
using testing::Fails;
using testing::LyingKeyServer;
using testing::OddListener;
using testing::ServerCertificate;
using testing::Succeeds;
using testing::TestAuthority;

Result<ReleaseClient> Connect(const ServerIdentity& identity,
                              milliseconds limit = milliseconds(10'000)) {
  return ReleaseClient::Begin(identity, {"resnet", {}, {}},
                              {limit, limit, limit});
}

// What the server must look like for the guest to send Begin.
struct Encounter {
  const char* name;
  CertificateWish wish;
  bool other_authority = false;
  bool pinned = false;
  bool wrong_pin = false;
  const char* host = "localhost";
};

class EncounterTest : public ::testing::TestWithParam<Encounter> {};

TEST_P(EncounterTest, EndsBeforeAnythingIsSaid) {
  const Encounter& encounter = GetParam();
  const TestAuthority authority;
  const TestAuthority stranger;
  const ServerCertificate certificate =
      (encounter.other_authority ? stranger : authority).Issue(encounter.wish);
  const LyingKeyServer server(certificate, LyingKeyServer::Honest);
  ServerIdentity identity{server.Address(encounter.host),
                          authority.certificate_pem(), std::nullopt};
  if (encounter.pinned) {
    identity.ca_pem.clear();
    identity.spki = certificate.spki_digest;
  }
  if (encounter.wrong_pin) {
    identity.spki = authority.Issue().spki_digest;
  }
  EXPECT_THAT(Connect(identity), Fails(Reason::kServerIdentity));
  EXPECT_EQ(server.conversations(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    A4_RogueServer, EncounterTest,
    ::testing::Values(
        Encounter{
            .name = "OtherAuthority", .wish = {}, .other_authority = true},
        Encounter{.name = "OtherHostName",
                  .wish = {.names = "DNS:other.example"}},
        Encounter{.name = "OtherAddress",
                  .wish = {.names = "DNS:localhost,IP:127.0.0.2"},
                  .host = "127.0.0.1"},
        Encounter{.name = "Expired",
                  .wish = {.not_before = -7200, .not_after = -3600}},
        Encounter{.name = "WrongPinBesideTheCa", .wish = {}, .wrong_pin = true},
        Encounter{.name = "WrongPinAlone",
                  .wish = {},
                  .pinned = true,
                  .wrong_pin = true},
        Encounter{.name = "PinnedButAnotherName",
                  .wish = {.names = "DNS:other.example"},
                  .pinned = true}),
    [](const auto& row) { return row.param.name; });

TEST(Channel, ThePinAloneIsEnough) {
  const TestAuthority authority;
  const ServerCertificate certificate = authority.Issue();
  const LyingKeyServer server(certificate, LyingKeyServer::Honest);
  EXPECT_THAT(Connect({server.Address(), "", certificate.spki_digest}),
              Succeeds());
}

TEST(Channel, NobodyListeningIsUnreachable) {
  std::uint16_t port = 0;
  {
    const OddListener gone(OddListener::Manner::kSilent);
    port = gone.port();
  }
  EXPECT_THAT(
      Connect({{"127.0.0.1", port}, TestAuthority().certificate_pem(), {}}),
      Fails(Reason::kServerUnreachable));
}

TEST(Channel, AnUnknownHostIsUnreachable) {
  EXPECT_THAT(
      Connect(
          {{"no-such-host.invalid", 1}, TestAuthority().certificate_pem(), {}}),
      Fails(Reason::kServerUnreachable));
}

TEST(Channel, AResetIsUnreachable) {
  const OddListener listener(OddListener::Manner::kReset);
  EXPECT_THAT(Connect({{"127.0.0.1", listener.port()},
                       TestAuthority().certificate_pem(),
                       {}}),
              Fails(Reason::kServerUnreachable));
}

TEST(Channel, BytesThatAreNoTlsAreUnreachable) {
  const OddListener listener(OddListener::Manner::kJunk);
  EXPECT_THAT(Connect({{"127.0.0.1", listener.port()},
                       TestAuthority().certificate_pem(),
                       {}}),
              Fails(Reason::kServerUnreachable));
}

TEST(Channel, SilenceEndsAtTheDeadline) {
  const OddListener listener(OddListener::Manner::kSilent);
  EXPECT_THAT(Connect({{"127.0.0.1", listener.port()},
                       TestAuthority().certificate_pem(),
                       {}},
                      milliseconds(300)),
              Fails(Reason::kDeadlineExceeded));
}

}  // namespace
}  // namespace tdxvfs::agent
