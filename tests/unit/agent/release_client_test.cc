// SPDX-License-Identifier: Apache-2.0
// The exchange against a real server that says what a test makes it say.
#include "agent/release_client.h"

#include <functional>
#include <mutex>

#include "common/hex.h"
#include "tests/fakes/lying_key_service.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::agent {
namespace {

using grpc::Status;
using grpc::StatusCode;
using std::chrono::milliseconds;
using testing::Conversation;
using testing::Fails;
using testing::LyingKeyServer;
using testing::RefusalStatus;
using testing::ServerCertificate;
using testing::Succeeds;
using testing::TestAuthority;

class ReleaseClientTest : public ::testing::Test {
 protected:
  void Serve(LyingKeyServer::Script script) {
    server_.emplace(certificate_, std::move(script));
  }
  Result<ReleaseClient> Begin(milliseconds limit = milliseconds(10'000)) {
    ReleaseRequest request{"resnet", {}, {}};
    request.header_sha256.fill(0x11);
    request.config_digest.fill(0x22);
    return ReleaseClient::Begin(
        {server_->Address(), authority_.certificate_pem(), std::nullopt},
        request, {limit, limit, limit});
  }
  // A quote as the fake server takes it: the report data itself.
  Result<Secret> Redeem(milliseconds limit = milliseconds(10'000)) {
    auto client = Begin(limit);
    if (!client.has_value()) {
      return std::move(client).error();
    }
    return client->Redeem(client->report_data());
  }

  TestAuthority authority_;
  ServerCertificate certificate_ = authority_.Issue();
  std::optional<LyingKeyServer> server_;
};

TEST_F(ReleaseClientTest, GoesThroughWithAnHonestServer) {
  Serve(LyingKeyServer::Honest);
  ASSERT_OK_AND_ASSIGN(ReleaseClient client, Begin());
  ASSERT_OK_AND_ASSIGN(const Secret grant, client.Redeem(client.report_data()));
  v1::VolumeGrant parsed;
  ASSERT_TRUE(parsed.ParseFromArray(grant.Reveal().data(),
                                    static_cast<int>(grant.size())));
  EXPECT_EQ(parsed.volume(), "resnet");
  EXPECT_EQ(parsed.header_sha256(), std::string(32, '\x11'));
  ASSERT_OK_AND_ASSIGN(const std::string audit_id,
                       client.Report({true, "", 3}));
  EXPECT_EQ(audit_id, "7f3c-91");
  ASSERT_TRUE(server_->outcome().has_value());
  EXPECT_TRUE(server_->outcome()->opened());
  EXPECT_EQ(server_->outcome()->version(), 3U);
}

// report_data names the certificate that the guest really talks to: with
// another one in between, the server computes another value.
TEST_F(ReleaseClientTest, A3_AnInterceptorsCertificateBreaksTheBinding) {
  const ServerCertificate interceptor = authority_.Issue();
  ServerCertificate claimed = certificate_;
  claimed.certificate_pem = interceptor.certificate_pem;
  claimed.key_pem = interceptor.key_pem;
  server_.emplace(claimed, LyingKeyServer::Honest);
  EXPECT_THAT(Redeem(), Fails(Reason::kBindingMismatch));
}

TEST_F(ReleaseClientTest, A2_EveryExchangeHasItsOwnReportData) {
  Serve(LyingKeyServer::Honest);
  ASSERT_OK_AND_ASSIGN(const ReleaseClient first, Begin());
  ASSERT_OK_AND_ASSIGN(const ReleaseClient second, Begin());
  EXPECT_NE(first.report_data(), second.report_data());
}

// A recorded exchange, challenge and release, played again: the guest's key
// is a new one, so that the old grant stays shut.
TEST_F(ReleaseClientTest, A2_ReplayedChallengeAndReleaseAreRefused) {
  std::mutex mutex;
  std::string nonce;
  std::optional<v1::Release> recorded;
  Serve([&](Conversation& talk) -> Status {
    const std::lock_guard lock(mutex);
    talk.ReadBegin();
    if (recorded.has_value()) {
      talk.nonce = nonce;
    }
    talk.SendChallenge();
    talk.ReadEvidence();
    if (!recorded.has_value()) {
      nonce = talk.nonce;
      recorded = talk.Seal(talk.HonestGrant().SerializeAsString());
    }
    v1::ServerMessage message;
    *message.mutable_release() = *recorded;
    talk.Send(message);
    talk.WaitUntilGuestLeaves();
    return Status::OK;
  });
  EXPECT_THAT(Redeem(), Succeeds());
  EXPECT_THAT(Redeem(), Fails(Reason::kGrantInvalid));
  // A conversation may still be reading; it ends before what it captured.
  server_.reset();
}

struct Lie {
  const char* name;
  std::function<Status(Conversation&)> script;
  Reason reason;
};

class LieTest : public ReleaseClientTest,
                public ::testing::WithParamInterface<Lie> {};

TEST_P(LieTest, IsRefused) {
  Serve(GetParam().script);
  EXPECT_THAT(Redeem(), Fails(GetParam().reason));
}

Status SendNonce(Conversation& talk, std::size_t size) {
  talk.ReadBegin();
  talk.nonce.assign(size, 'n');
  talk.SendChallenge();
  talk.WaitUntilGuestLeaves();
  return Status::OK;
}

Status SendChanged(Conversation& talk,
                   const std::function<void(v1::Release&)>& change) {
  talk.ReadBegin();
  talk.SendChallenge();
  talk.ReadEvidence();
  v1::ServerMessage message;
  *message.mutable_release() =
      talk.Seal(talk.HonestGrant().SerializeAsString());
  change(*message.mutable_release());
  talk.Send(message);
  talk.WaitUntilGuestLeaves();
  return Status::OK;
}

Status RefuseAfterEvidence(Conversation& talk, const Status& status) {
  talk.ReadBegin();
  talk.SendChallenge();
  talk.ReadEvidence();
  return status;
}

INSTANTIATE_TEST_SUITE_P(
    A4_Server, LieTest,
    ::testing::Values(
        Lie{"ShortChallenge", [](auto& talk) { return SendNonce(talk, 31); },
            Reason::kServerMisbehaved},
        Lie{"LongChallenge", [](auto& talk) { return SendNonce(talk, 33); },
            Reason::kServerMisbehaved},
        Lie{"EmptyChallenge", [](auto& talk) { return SendNonce(talk, 0); },
            Reason::kServerMisbehaved},
        Lie{"OversizedChallenge",
            [](auto& talk) { return SendNonce(talk, 100 * 1024); },
            Reason::kServerMisbehaved},
        Lie{"SecondChallenge",
            [](Conversation& talk) {
              talk.ReadBegin();
              talk.SendChallenge();
              talk.ReadEvidence();
              talk.SendChallenge();
              talk.WaitUntilGuestLeaves();
              return Status::OK;
            },
            Reason::kServerMisbehaved},
        Lie{"ReleaseBeforeChallenge",
            [](Conversation& talk) {
              talk.ReadBegin();
              v1::ServerMessage message;
              message.mutable_release()->set_ciphertext("x");
              talk.Send(message);
              talk.WaitUntilGuestLeaves();
              return Status::OK;
            },
            Reason::kServerMisbehaved},
        Lie{"EmptyMessage",
            [](Conversation& talk) {
              talk.ReadBegin();
              talk.Send({});
              talk.WaitUntilGuestLeaves();
              return Status::OK;
            },
            Reason::kServerMisbehaved},
        Lie{"EndInsteadOfChallenge",
            [](Conversation& talk) {
              talk.ReadBegin();
              return Status::OK;
            },
            Reason::kServerMisbehaved},
        Lie{"EndInsteadOfRelease",
            [](auto& talk) { return RefuseAfterEvidence(talk, Status::OK); },
            Reason::kServerMisbehaved},
        Lie{"JunkCiphertext",
            [](auto& talk) {
              return SendChanged(talk, [](v1::Release& r) {
                r.set_ciphertext(std::string(300, 'j'));
              });
            },
            Reason::kGrantInvalid},
        Lie{"FlippedBit",
            [](auto& talk) {
              return SendChanged(talk, [](v1::Release& r) {
                (*r.mutable_ciphertext())[5] ^= 1;
              });
            },
            Reason::kGrantInvalid},
        Lie{"CiphertextOfATagOnly",
            [](auto& talk) {
              return SendChanged(talk, [](v1::Release& r) {
                r.set_ciphertext(std::string(16, 't'));
              });
            },
            Reason::kGrantInvalid},
        Lie{"ShortEncapsulatedKey",
            [](auto& talk) {
              return SendChanged(talk, [](v1::Release& r) {
                r.mutable_encapsulated_key()->pop_back();
              });
            },
            Reason::kGrantInvalid},
        Lie{"SmallOrderEncapsulatedKey",
            [](auto& talk) {
              return SendChanged(talk, [](v1::Release& r) {
                r.set_encapsulated_key(std::string(32, '\0'));
              });
            },
            Reason::kGrantInvalid},
        Lie{"OversizedRelease",
            [](auto& talk) {
              return SendChanged(talk, [](v1::Release& r) {
                r.set_ciphertext(std::string(std::size_t{1024} * 1024, 'o'));
              });
            },
            Reason::kServerMisbehaved},
        Lie{"SealedUnderAnotherNonce",
            [](Conversation& talk) {
              talk.ReadBegin();
              talk.SendChallenge();
              talk.ReadEvidence();
              talk.nonce.assign(32, 'x');
              talk.SendRelease(talk.HonestGrant());
              talk.WaitUntilGuestLeaves();
              return Status::OK;
            },
            Reason::kGrantInvalid}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Refusals, LieTest,
    ::testing::Values(
        Lie{"Policy",
            [](auto& talk) {
              return RefuseAfterEvidence(
                  talk, RefusalStatus(StatusCode::PERMISSION_DENIED,
                                      "refused-by-policy", "7f3c-91"));
            },
            Reason::kRefusedByPolicy},
        Lie{"HeaderUnknown",
            [](auto& talk) {
              return RefuseAfterEvidence(
                  talk, RefusalStatus(StatusCode::PERMISSION_DENIED,
                                      "header-unknown"));
            },
            Reason::kHeaderUnknown},
        Lie{"Overloaded",
            [](Conversation&) {
              return RefusalStatus(StatusCode::RESOURCE_EXHAUSTED,
                                   "server-overloaded");
            },
            Reason::kServerOverloaded},
        Lie{"UnknownSlug",
            [](auto& talk) {
              return RefuseAfterEvidence(
                  talk, RefusalStatus(StatusCode::UNAVAILABLE, "moon-is-full"));
            },
            Reason::kServerUnreachable},
        Lie{"NoDetails",
            [](auto& talk) {
              return RefuseAfterEvidence(
                  talk, Status(StatusCode::PERMISSION_DENIED, "no"));
            },
            Reason::kRefusedByPolicy},
        Lie{"AnotherService",
            [](auto& talk) {
              return RefuseAfterEvidence(talk,
                                         Status(StatusCode::UNIMPLEMENTED, ""));
            },
            Reason::kServerMisbehaved}),
    [](const auto& row) { return row.param.name; });

TEST_F(ReleaseClientTest, SilenceAfterBeginEndsAtTheDeadline) {
  Serve([](Conversation& talk) {
    talk.WaitUntilGuestLeaves();
    return Status::OK;
  });
  EXPECT_THAT(Begin(milliseconds(300)), Fails(Reason::kDeadlineExceeded));
}

TEST_F(ReleaseClientTest, SilenceAfterEvidenceEndsAtTheDeadline) {
  Serve([](Conversation& talk) {
    talk.ReadBegin();
    talk.SendChallenge();
    talk.WaitUntilGuestLeaves();
    return Status::OK;
  });
  EXPECT_THAT(Redeem(milliseconds(500)), Fails(Reason::kDeadlineExceeded));
}

TEST_F(ReleaseClientTest, AnOutcomeThatIsNotRecordedIsAnError) {
  Serve([](Conversation& talk) {
    talk.ReadBegin();
    talk.SendChallenge();
    talk.ReadEvidence();
    talk.SendRelease(talk.HonestGrant());
    talk.ReadOutcome();
    return RefusalStatus(StatusCode::UNAVAILABLE, "audit-unavailable");
  });
  ASSERT_OK_AND_ASSIGN(ReleaseClient client, Begin());
  ASSERT_THAT(client.Redeem(client.report_data()), Succeeds());
  EXPECT_THAT(client.Report({true, "", 3}), Fails(Reason::kAuditUnavailable));
}

TEST_F(ReleaseClientTest, AMessageAfterTheOutcomeIsMisbehaviour) {
  Serve([](Conversation& talk) {
    talk.ReadBegin();
    talk.SendChallenge();
    talk.ReadEvidence();
    talk.SendRelease(talk.HonestGrant());
    talk.ReadOutcome();
    talk.SendChallenge();
    talk.WaitUntilGuestLeaves();
    return Status::OK;
  });
  ASSERT_OK_AND_ASSIGN(ReleaseClient client, Begin());
  ASSERT_THAT(client.Redeem(client.report_data()), Succeeds());
  EXPECT_THAT(client.Report({true, "", 3}), Fails(Reason::kServerMisbehaved));
}

TEST_F(ReleaseClientTest, WithoutAGrantThereIsNoOutcome) {
  Serve(LyingKeyServer::Honest);
  ASSERT_OK_AND_ASSIGN(ReleaseClient client, Begin());
  EXPECT_THAT(client.Report({true, "", 3}), Fails(Reason::kInternal));
}

}  // namespace
}  // namespace tdxvfs::agent
