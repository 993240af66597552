// SPDX-License-Identifier: Apache-2.0
#include "agent/server_identity.h"

#include "tests/fakes/test_authority.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::agent {
namespace {

using testing::Fails;
using testing::ServerCertificate;
using testing::Succeeds;
using testing::TestAuthority;

ServerIdentity Expect(const TestAuthority& authority,
                      const std::string& host = "localhost") {
  return {{host, 8443}, authority.certificate_pem(), std::nullopt};
}

ServerIdentity Pinned(const Sha256Digest& spki,
                      const std::string& host = "localhost") {
  return {{host, 8443}, "", spki};
}

TEST(CheckServerIdentity, AcceptsNameAndAddressOfTheCertificate) {
  const TestAuthority authority;
  const ServerCertificate server = authority.Issue();
  for (const char* host : {"localhost", "LocalHost", "127.0.0.1"}) {
    EXPECT_THAT(
        CheckServerIdentity(Expect(authority, host), server.certificate_pem),
        Succeeds())
        << host;
  }
}

TEST(CheckServerIdentity, A4_CertificateOfAnotherAuthorityIsRefused) {
  const TestAuthority ours;
  const TestAuthority theirs;
  EXPECT_THAT(CheckServerIdentity(Expect(ours), theirs.Issue().certificate_pem),
              Fails(Reason::kServerIdentity));
}

TEST(CheckServerIdentity, A4_AnotherNameIsRefused) {
  const TestAuthority authority;
  const ServerCertificate server =
      authority.Issue({.names = "DNS:evil.example"});
  EXPECT_THAT(CheckServerIdentity(Expect(authority), server.certificate_pem),
              Fails(Reason::kServerIdentity));
  EXPECT_THAT(CheckServerIdentity(Expect(authority, "127.0.0.1"),
                                  server.certificate_pem),
              Fails(Reason::kServerIdentity));
}

// The subject is "server": it must not stand in for an alternative name.
TEST(CheckServerIdentity, A4_TheCommonNameIsNoHostName) {
  const TestAuthority authority;
  EXPECT_THAT(CheckServerIdentity(Expect(authority, "server"),
                                  authority.Issue().certificate_pem),
              Fails(Reason::kServerIdentity));
}

TEST(CheckServerIdentity, A4_DatesArePartOfTheIdentity) {
  const TestAuthority authority;
  const ServerCertificate expired =
      authority.Issue({.not_before = -7200, .not_after = -3600});
  const ServerCertificate early =
      authority.Issue({.not_before = 3600, .not_after = 7200});
  for (const ServerCertificate& server : {expired, early}) {
    EXPECT_THAT(CheckServerIdentity(Expect(authority), server.certificate_pem),
                Fails(Reason::kServerIdentity));
    EXPECT_THAT(
        CheckServerIdentity(Pinned(server.spki_digest), server.certificate_pem),
        Fails(Reason::kServerIdentity));
  }
}

TEST(CheckServerIdentity, A4_AClientCertificateIsNoServer) {
  const TestAuthority authority;
  EXPECT_THAT(
      CheckServerIdentity(Expect(authority),
                          authority.Issue({.extended_key_usage = "clientAuth"})
                              .certificate_pem),
      Fails(Reason::kServerIdentity));
}

TEST(CheckServerIdentity, APinAloneNeedsNoAuthority) {
  const TestAuthority authority;
  const ServerCertificate server = authority.Issue();
  EXPECT_THAT(
      CheckServerIdentity(Pinned(server.spki_digest), server.certificate_pem),
      Succeeds());
}

TEST(CheckServerIdentity, A4_AnotherKeyThanThePinnedIsRefused) {
  const TestAuthority authority;
  const ServerCertificate server = authority.Issue();
  const ServerCertificate other = authority.Issue();
  EXPECT_THAT(
      CheckServerIdentity(Pinned(other.spki_digest), server.certificate_pem),
      Fails(Reason::kServerIdentity));
}

TEST(CheckServerIdentity, A4_APinDoesNotReplaceTheName) {
  const TestAuthority authority;
  const ServerCertificate server =
      authority.Issue({.names = "DNS:other.example"});
  EXPECT_THAT(
      CheckServerIdentity(Pinned(server.spki_digest), server.certificate_pem),
      Fails(Reason::kServerIdentity));
}

TEST(CheckServerIdentity, A4_BothMustHoldWhereBothAreGiven) {
  const TestAuthority authority;
  const TestAuthority stranger;
  const ServerCertificate server = authority.Issue();
  ServerIdentity both = Expect(authority);
  both.spki = server.spki_digest;
  EXPECT_THAT(CheckServerIdentity(both, server.certificate_pem), Succeeds());
  both.spki = authority.Issue().spki_digest;
  EXPECT_THAT(CheckServerIdentity(both, server.certificate_pem),
              Fails(Reason::kServerIdentity));
  both.spki = server.spki_digest;
  both.ca_pem = stranger.certificate_pem();
  EXPECT_THAT(CheckServerIdentity(both, server.certificate_pem),
              Fails(Reason::kServerIdentity));
}

// A server cannot bring its own authority along.
TEST(CheckServerIdentity, A4_AnAuthorityInThePresentedChainIsNotBelieved) {
  const TestAuthority ours;
  const TestAuthority theirs;
  EXPECT_THAT(CheckServerIdentity(Expect(ours), theirs.Issue().certificate_pem +
                                                    theirs.certificate_pem()),
              Fails(Reason::kServerIdentity));
}

TEST(CheckServerIdentity, JunkIsRefused) {
  const TestAuthority authority;
  for (const char* junk : {"", "junk", "-----BEGIN CERTIFICATE-----\nAAAA\n"}) {
    EXPECT_THAT(CheckServerIdentity(Expect(authority), junk),
                Fails(Reason::kServerIdentity));
    EXPECT_THAT(CertificateDigest(junk), Fails(Reason::kServerIdentity));
  }
}

TEST(CheckServerIdentity, ACaFileWithoutCertificateIsTheConfigurationsFault) {
  const TestAuthority authority;
  ServerIdentity expected = Expect(authority);
  expected.ca_pem = "# empty\n";
  EXPECT_THAT(CheckServerIdentity(expected, authority.Issue().certificate_pem),
              Fails(Reason::kConfigInvalid));
}

TEST(CertificateDigest, IsOfTheLeafsDer) {
  const TestAuthority authority;
  const ServerCertificate server = authority.Issue();
  ASSERT_OK_AND_ASSIGN(
      const Sha256Digest digest,
      CertificateDigest(server.certificate_pem + authority.certificate_pem()));
  EXPECT_EQ(digest, server.certificate_digest);
}

}  // namespace
}  // namespace tdxvfs::agent
