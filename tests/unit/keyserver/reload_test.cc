// SPDX-License-Identifier: Apache-2.0
// A key server that takes another configuration while guests are being served.
#include <filesystem>
#include <string>

#include <openssl/ssl.h>

#include "common/file.h"
#include "common/hex.h"
#include "common/owned_openssl.h"
#include "tests/fakes/test_authority.h"
#include "tests/support/release_rig.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using testing::CertificateWish;
using testing::Ending;
using testing::Fails;
using ::testing::HasSubstr;
using testing::RawGuest;
using testing::ReleaseRig;
using testing::ServerCertificate;
using testing::Succeeds;
using testing::TestAuthority;

using SslContextPtr = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;

void Replace(const std::filesystem::path& path, const std::string& content,
             mode_t mode = 0600) {
  EXPECT_THAT(ReplaceFile(path, AsBytes(content), mode), Succeeds());
}

// The digest of the certificate that a new connection is shown.
Sha256Digest SeenAt(const std::string& address) {
  const SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  const BioPtr bio(BIO_new_ssl_connect(context.get()));
  BIO_set_conn_hostname(bio.get(), address.c_str());
  SSL* ssl = nullptr;
  BIO_get_ssl(bio.get(), &ssl);
  const std::string h2("\x02h2", 3);
  SSL_set_alpn_protos(ssl, AsBytes(h2).data(),
                      static_cast<unsigned>(h2.size()));
  EXPECT_EQ(BIO_do_handshake(bio.get()), 1);
  const X509Ptr leaf(SSL_get1_peer_certificate(ssl));
  Sha256Digest digest{};
  unsigned size = 0;
  EXPECT_TRUE(leaf != nullptr &&
              X509_digest(leaf.get(), EVP_sha256(), digest.data(), &size) == 1);
  return digest;
}

class ReloadTest : public ::testing::Test {
 protected:
  ReloadTest()
      : first_(authority_.Issue()),
        second_(authority_.Issue()),
        rig_([this](Config* config) {
          const auto folder =
              std::filesystem::path(config->tls_certificate).parent_path();
          Replace(folder / "ca.pem", authority_.certificate_pem(), 0644);
          Install(*config, first_);
        }) {}

  static void Install(const Config& config, const ServerCertificate& served) {
    Replace(config.tls_certificate, served.certificate_pem, 0644);
    Replace(config.tls_key, served.key_pem);
  }

  // Begin to Outcome; how the stream ended.
  static Ending Unlock(RawGuest* guest, const v1::Challenge& challenge) {
    EXPECT_TRUE(guest->Send(guest->EvidenceFor(challenge)));
    const auto answer = guest->Receive();
    if (answer.has_value() && answer->has_release()) {
      EXPECT_TRUE(guest->Send(guest->OutcomeFor(answer->release(), true)));
    }
    return guest->Finish();
  }

  const TestAuthority authority_;
  const ServerCertificate first_;
  const ServerCertificate second_;
  ReleaseRig rig_;
};

TEST_F(ReloadTest, A3_OpenStreamsFinishAndNewConnectionsSeeTheNewCertificate) {
  RawGuest before(rig_);
  const v1::Challenge challenge = before.Open();
  EXPECT_EQ(SeenAt(rig_.server().address()), first_.certificate_digest);

  Install(rig_.config(), second_);
  ASSERT_THAT(rig_.server().Reload(rig_.config()), Succeeds());

  EXPECT_EQ(SeenAt(rig_.server().address()), second_.certificate_digest);
  const Ending finished = Unlock(&before, challenge);
  EXPECT_TRUE(finished.status.ok()) << finished.reason;

  RawGuest after(rig_);
  after.claims().certificate = AsText(second_.certificate_digest);
  const Ending fresh = Unlock(&after, after.Open());
  EXPECT_TRUE(fresh.status.ok()) << fresh.reason;
}

TEST_F(ReloadTest, A3_ACertificateThatWasNeverServedIsStillRefused) {
  Install(rig_.config(), second_);
  ASSERT_THAT(rig_.server().Reload(rig_.config()), Succeeds());
  RawGuest guest(rig_);
  guest.claims().certificate = AsText(authority_.Issue().certificate_digest);
  const v1::Challenge challenge = guest.Open();
  EXPECT_EQ(guest.Refused(guest.EvidenceFor(challenge)).reason,
            "binding-mismatch");
}

TEST_F(ReloadTest, AKeyOfAnotherCertificateIsRefusedAndTheOldOneServes) {
  Replace(rig_.config().tls_certificate, second_.certificate_pem, 0644);
  EXPECT_THAT(rig_.server().Reload(rig_.config()),
              Fails(Reason::kConfigInvalid));
  EXPECT_EQ(SeenAt(rig_.server().address()), first_.certificate_digest);
  RawGuest guest(rig_);
  const Ending ending = Unlock(&guest, guest.Open());
  EXPECT_TRUE(ending.status.ok()) << ending.reason;
}

TEST_F(ReloadTest, WhatTakesARestartIsRefusedByName) {
  Config other = rig_.config();
  other.listen_address = "127.0.0.1:1";
  const auto refused = rig_.server().Reload(other);
  ASSERT_THAT(refused, Fails(Reason::kConfigInvalid));
  EXPECT_THAT(refused.error().ToString(), HasSubstr("listen.address"));
  other = rig_.config();
  other.store += ".other";
  EXPECT_THAT(rig_.server().Reload(other), Fails(Reason::kConfigInvalid));
  other = rig_.config();
  other.audit.rotate_bytes += 1;
  EXPECT_THAT(rig_.server().Reload(other), Fails(Reason::kConfigInvalid));
  other = rig_.config();
  other.collateral.source = CollateralConfig::Source::kPcs;
  EXPECT_THAT(rig_.server().Reload(other), Fails(Reason::kConfigInvalid));
}

TEST_F(ReloadTest, LimitsCountForWhoeverComesNext) {
  RawGuest before(rig_);
  const v1::Challenge challenge = before.Open();
  Config other = rig_.config();
  other.admission.attestations = 1;
  ASSERT_THAT(rig_.server().Reload(other), Succeeds());
  RawGuest limited(rig_);
  EXPECT_EQ(limited.Finish().reason, "server-overloaded");
  const Ending finished = Unlock(&before, challenge);
  EXPECT_TRUE(finished.status.ok()) << finished.reason;
}

TEST_F(ReloadTest, ConnectionsAreLimitedForWhoeverComesNext) {
  RawGuest before(rig_);
  const v1::Challenge challenge = before.Open();
  Config other = rig_.config();
  other.connections = 1;
  ASSERT_THAT(rig_.server().Reload(other), Succeeds());
  RawGuest limited(rig_);
  const Ending refused = limited.Finish();
  EXPECT_FALSE(refused.status.ok());
  EXPECT_EQ(refused.reason, "");
  EXPECT_TRUE(Unlock(&before, challenge).status.ok());
}

TEST_F(ReloadTest, TheRateOfAVolumeCountsForWhoeverComesNext) {
  Config other = rig_.config();
  other.volume_rate = {.per_minute = 1, .burst = 1};
  ASSERT_THAT(rig_.server().Reload(other), Succeeds());
  RawGuest first(rig_);
  const Ending released = Unlock(&first, first.Open());
  EXPECT_TRUE(released.status.ok()) << released.reason;
  RawGuest second(rig_);
  EXPECT_EQ(Unlock(&second, second.Open()).reason, "server-overloaded");
}

TEST_F(ReloadTest, TimesCountForWhoeverComesNext) {
  Config other = rig_.config();
  other.evidence_timeout = std::chrono::seconds(7);
  ASSERT_THAT(rig_.server().Reload(other), Succeeds());
  RawGuest guest(rig_);
  EXPECT_EQ(guest.Open().deadline_seconds(), 7U);
}

TEST_F(ReloadTest, AnExpiredCertificateMakesTheServerUnready) {
  CertificateWish wish;
  wish.not_after = -1;
  Install(rig_.config(), authority_.Issue(wish));
  ASSERT_THAT(rig_.server().Reload(rig_.config()), Succeeds());
  EXPECT_THAT(rig_.server().CheckHealth(), Fails(Reason::kConfigInvalid));
  Install(rig_.config(), second_);
  ASSERT_THAT(rig_.server().Reload(rig_.config()), Succeeds());
  EXPECT_THAT(rig_.server().CheckHealth(), Succeeds());
}

}  // namespace
}  // namespace tdxvfs::keyserver
