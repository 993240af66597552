// SPDX-License-Identifier: Apache-2.0
// The release exchange over real TLS, with guests that tell the truth and
// guests that lie about one thing each.
#include "keyserver/release_service.h"

#include <functional>
#include <string>
#include <vector>

#include "common/hex.h"
#include "simulator/pki.h"
#include "tests/support/release_rig.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using ::testing::AnyOf;
using testing::Ending;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawGuest;
using testing::ReleaseRig;

class ReleaseExchange : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { shared_rig = new ReleaseRig(); }
  static void TearDownTestSuite() {
    delete shared_rig;
    shared_rig = nullptr;
  }
  static ReleaseRig& rig() { return *shared_rig; }

  // The release of an honest guest.
  static v1::Release Release(RawGuest* guest) {
    EXPECT_TRUE(guest->Send(guest->EvidenceFor(guest->Open())));
    const auto message = guest->Receive();
    EXPECT_TRUE(message.has_value() && message->has_release());
    return message.value_or(v1::ServerMessage()).release();
  }

  static ReleaseRig* shared_rig;
};

ReleaseRig* ReleaseExchange::shared_rig = nullptr;

TEST_F(ReleaseExchange, GivesAGenuineGuestItsGrantAndRecordsTheOutcome) {
  RawGuest guest(rig());
  const v1::Release release = Release(&guest);
  const auto grant = guest.OpenGrant(release);
  ASSERT_TRUE(grant.has_value());
  EXPECT_EQ(grant->volume(), "data");
  EXPECT_EQ(grant->purpose(), v1::OPEN);
  EXPECT_EQ(grant->version(), 1U);
  EXPECT_EQ(grant->passphrase(), testing::kRigPassphrase);
  EXPECT_EQ(grant->uuid(), "c9c1d1a0-0000-4000-8000-000000000001");
  EXPECT_EQ(grant->header_size(), 1U << 20);
  EXPECT_EQ(grant->header_sha256(), ReleaseRig::Digest(testing::kRigHeader));
  EXPECT_EQ(grant->header_profile(), "sealed-1");
  EXPECT_FALSE(grant->has_verity());
  EXPECT_EQ(grant->file_system(), "erofs");
  EXPECT_TRUE(guest.Send(guest.OutcomeFor(release, true)));
  EXPECT_TRUE(guest.Finish().status.ok());
  const std::string record = rig().LastAudit();
  EXPECT_THAT(record, HasSubstr("\"kind\":\"release\""));
  EXPECT_THAT(record, HasSubstr("\"result\":\"opened\""));
  EXPECT_THAT(record, HasSubstr("\"anchor_is_intel\":false"));
  EXPECT_THAT(record, HasSubstr("\"collateral\":\"none\""));
  EXPECT_THAT(record, HasSubstr("\"evidence_at\":\"release-"));
  EXPECT_THAT(record, Not(HasSubstr(std::string(testing::kRigPassphrase))));
}

TEST_F(ReleaseExchange, RecordsAFailureWithItsReason) {
  RawGuest guest(rig());
  const v1::Release release = Release(&guest);
  EXPECT_TRUE(guest.Send(guest.OutcomeFor(release, false)));
  EXPECT_TRUE(guest.Finish().status.ok());
  EXPECT_THAT(rig().LastAudit(), HasSubstr("\"reason\":\"mount-failed\""));
}

TEST_F(ReleaseExchange, A1_UnboundQuoteIsRefused) {
  RawGuest guest(rig());
  v1::GuestMessage evidence = guest.EvidenceFor(guest.Open());
  const auto quote = rig().signer().Sign(4, ReleaseRig::GuestReport());
  evidence.mutable_evidence()->set_quote(quote->data(), quote->size());
  const Ending ending = guest.Refused(evidence);
  EXPECT_EQ(ending.reason, "binding-mismatch");
  EXPECT_EQ(ending.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(rig().Audit(ending.audit_id), HasSubstr("report_data"));
}

TEST_F(ReleaseExchange, A1_AnotherKeyThanTheQuotedOneIsRefused) {
  RawGuest guest(rig());
  RawGuest thief(rig());
  v1::GuestMessage evidence = guest.EvidenceFor(guest.Open());
  evidence.mutable_evidence()->set_public_key(thief.key().public_key.data(),
                                              thief.key().public_key.size());
  EXPECT_EQ(guest.Refused(evidence).reason, "binding-mismatch");
}

TEST_F(ReleaseExchange, A2_ReplayedQuoteIsRefused) {
  RawGuest first(rig());
  const v1::GuestMessage evidence = first.EvidenceFor(first.Open());
  ASSERT_TRUE(first.Send(evidence));
  ASSERT_TRUE(first.Receive().has_value());
  RawGuest second(rig());
  (void)second.Open();
  EXPECT_EQ(second.Refused(evidence).reason, "binding-mismatch");
}

TEST_F(ReleaseExchange, A2_NonceOfAnotherOpenStreamIsRefused) {
  RawGuest first(rig());
  const v1::Challenge challenge = first.Open();
  RawGuest second(rig());
  (void)second.Open();
  EXPECT_EQ(second.Refused(second.EvidenceFor(challenge)).reason,
            "binding-mismatch");
}

TEST_F(ReleaseExchange, A2_NoncesAreNeverRepeated) {
  RawGuest first(rig());
  RawGuest second(rig());
  const v1::Challenge one = first.Open();
  EXPECT_EQ(one.nonce().size(), 32U);
  EXPECT_EQ(one.deadline_seconds(), 30U);
  EXPECT_NE(one.nonce(), second.Open().nonce());
}

TEST_F(ReleaseExchange, A3_AnotherServerCertificateIsRefused) {
  RawGuest guest(rig());
  guest.claims().certificate = ReleaseRig::Digest(1);
  const Ending ending = guest.Refused(guest.EvidenceFor(guest.Open()));
  EXPECT_EQ(ending.reason, "binding-mismatch");
  EXPECT_THAT(rig().Audit(ending.audit_id), HasSubstr("server certificate"));
}

TEST_F(ReleaseExchange, A3_NamingOurCertificateForAQuoteMadeForAnother) {
  RawGuest guest(rig());
  const std::string ours = guest.claims().certificate;
  guest.claims().certificate = ReleaseRig::Digest(1);
  v1::GuestMessage evidence = guest.EvidenceFor(guest.Open());
  evidence.mutable_evidence()->set_server_certificate_sha256(ours);
  EXPECT_EQ(guest.Refused(evidence).reason, "binding-mismatch");
}

TEST_F(ReleaseExchange, QuoteForAnotherVolumeOrHeaderIsRefused) {
  for (const bool volume : {true, false}) {
    RawGuest guest(rig());
    const v1::Challenge challenge = guest.Open();
    if (volume) {
      guest.claims().volume = "other";
    } else {
      guest.claims().header = ReleaseRig::Digest(8);
    }
    EXPECT_EQ(guest.Refused(guest.EvidenceFor(challenge)).reason,
              "binding-mismatch");
  }
}

TEST_F(ReleaseExchange, A5_WrongMeasurementIsRefusedAndNamedInTheRecord) {
  attest::TdReport report = ReleaseRig::GuestReport();
  report.rtmr[1].fill(0xee);
  RawGuest guest(rig());
  const Ending ending = guest.Refused(guest.EvidenceFor(guest.Open(), report));
  EXPECT_EQ(ending.reason, "refused-by-policy");
  EXPECT_THAT(ending.status.error_message(), Not(HasSubstr("rtmr")));
  const std::string record = rig().Audit(ending.audit_id);
  EXPECT_THAT(record, HasSubstr("rtmr1"));
  EXPECT_THAT(record, HasSubstr(std::string(96, 'e')));
  EXPECT_THAT(record, HasSubstr("\"quote\":\""));
}

TEST_F(ReleaseExchange, A6_DebugGuestIsRefused) {
  attest::TdReport report = ReleaseRig::GuestReport();
  report.td_attributes[0] |= 1U;  // TD attribute bit 0: DEBUG
  RawGuest guest(rig());
  EXPECT_EQ(guest.Refused(guest.EvidenceFor(guest.Open(), report)).reason,
            "refused-by-policy");
}

TEST_F(ReleaseExchange, QuoteOfAForeignRootIsRefusedAndNotKept) {
  const auto pki = simulator::Pki::Make(simulator::GoodPkiSpec());
  ASSERT_TRUE(pki.has_value());
  const auto signer = simulator::QuoteSigner::Create(*pki);
  ASSERT_TRUE(signer.has_value());
  RawGuest guest(rig());
  v1::GuestMessage evidence = guest.EvidenceFor(guest.Open());
  const auto quote = signer->Sign(4, ReleaseRig::GuestReport());
  evidence.mutable_evidence()->set_quote(quote->data(), quote->size());
  const Ending ending = guest.Refused(evidence);
  EXPECT_EQ(ending.reason, "quote-invalid");
  EXPECT_THAT(rig().Audit(ending.audit_id), Not(HasSubstr("\"quote\":\"")));
}

TEST_F(ReleaseExchange, A9_QuoteGarbageIsRefused) {
  RawGuest honest(rig());
  const std::string good = honest.EvidenceFor(honest.Open()).evidence().quote();
  std::string flipped = good;
  flipped[700] = static_cast<char>(flipped[700] ^ 1);
  for (const std::string& quote :
       {std::string(), std::string("x"), std::string(5000, '\xff'),
        good.substr(0, good.size() / 2), good + "x", flipped}) {
    RawGuest guest(rig());
    v1::GuestMessage evidence = guest.EvidenceFor(guest.Open());
    evidence.mutable_evidence()->set_quote(quote);
    const Ending ending = guest.Refused(evidence);
    EXPECT_EQ(ending.reason, "quote-invalid") << quote.size();
    EXPECT_FALSE(ending.audit_id.empty());
  }
}

TEST_F(ReleaseExchange, A10_OversizedMembersAreRefused) {
  const std::vector<std::function<void(v1::Evidence*)>> changes = {
      [](v1::Evidence* e) { e->set_quote(std::string(16 * 1024 + 1, 'q')); },
      [](v1::Evidence* e) {
        e->set_event_log(std::string(256 * 1024 + 1, 'l'));
      }};
  for (const auto& change : changes) {
    RawGuest guest(rig());
    v1::GuestMessage evidence = guest.EvidenceFor(guest.Open());
    change(evidence.mutable_evidence());
    EXPECT_EQ(guest.Refused(evidence).reason, "message-too-large");
  }
}

TEST_F(ReleaseExchange, A10_MessageAboveTheCapEndsTheStream) {
  RawGuest guest(rig());
  v1::GuestMessage evidence = guest.EvidenceFor(guest.Open());
  evidence.mutable_evidence()->set_event_log(std::string(4 << 20, 'l'));
  (void)guest.Send(evidence);
  EXPECT_THAT(
      guest.Finish().status.error_code(),
      AnyOf(grpc::StatusCode::RESOURCE_EXHAUSTED, grpc::StatusCode::CANCELLED));
}

TEST_F(ReleaseExchange, A17_EverythingThatPolicyRefusesLooksTheSame) {
  ASSERT_TRUE(rig().PutVersion("disabled", 7).ok());
  ASSERT_TRUE(rig().PutPolicy("disabled", ReleaseRig::GuestPolicy()).ok());
  admin::v1::SetDisabledRequest request;
  request.set_volume("disabled");
  request.set_disabled(true);
  grpc::ClientContext context;
  admin::v1::Empty empty;
  ASSERT_TRUE(rig().admin().SetDisabled(&context, request, &empty).ok());
  ASSERT_TRUE(rig().PutVersion("unruled", 7).ok());
  std::string pinned = ReleaseRig::GuestPolicy();
  pinned.insert(pinned.rfind('}'),
                R"(,"config_digest":[")" + std::string(64, '7') + R"("])");
  ASSERT_TRUE(rig().PutVersion("pinned", 7).ok());
  ASSERT_TRUE(rig().PutPolicy("pinned", pinned).ok());
  attest::TdReport other = ReleaseRig::GuestReport();
  other.mr_td.fill(0);

  struct Row {
    std::string volume;
    attest::TdReport report;
    std::string detail;
  };
  const attest::TdReport good = ReleaseRig::GuestReport();
  for (const Row& row :
       {Row{"nowhere", good, "unknown"}, Row{"disabled", good, "disabled"},
        Row{"unruled", good, "no policy"}, Row{"pinned", good, "config_digest"},
        Row{"data", other, "mr_td"}}) {
    RawGuest guest(rig());
    const Ending ending =
        guest.Refused(guest.EvidenceFor(guest.Open(row.volume), row.report));
    EXPECT_EQ(ending.reason, "refused-by-policy") << row.volume;
    EXPECT_EQ(ending.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(ending.status.error_message(), "refused: refused-by-policy");
    EXPECT_EQ(ending.retry_after, 0U);
    EXPECT_THAT(rig().Audit(ending.audit_id), HasSubstr(row.detail));
  }
}

TEST_F(ReleaseExchange, UnknownHeaderIsToldOnlyToWhomPolicyAccepts) {
  attest::TdReport other = ReleaseRig::GuestReport();
  other.mr_td.fill(0);
  RawGuest stranger(rig());
  stranger.claims().header = ReleaseRig::Digest(99);
  EXPECT_EQ(
      stranger.Refused(stranger.EvidenceFor(stranger.Open(), other)).reason,
      "refused-by-policy");
  RawGuest guest(rig());
  guest.claims().header = ReleaseRig::Digest(99);
  const Ending ending = guest.Refused(guest.EvidenceFor(guest.Open()));
  EXPECT_EQ(ending.reason, "header-unknown");
  EXPECT_THAT(rig().Audit(ending.audit_id), HasSubstr("not one of ours"));
}

TEST_F(ReleaseExchange, D5_AnImportedVolumeNeedsAPolicyThatAllowsIt) {
  ASSERT_TRUE(rig().PutVersion("brought", 7, "imported-1").ok());
  std::string policy = ReleaseRig::GuestPolicy();
  ASSERT_TRUE(rig().PutPolicy("brought", policy).ok());
  RawGuest refused(rig());
  const Ending ending =
      refused.Refused(refused.EvidenceFor(refused.Open("brought")));
  EXPECT_EQ(ending.reason, "refused-by-policy");
  EXPECT_THAT(rig().Audit(ending.audit_id), HasSubstr("allow_imported"));

  policy.replace(policy.find('{'), 1, R"({"allow_imported":true,)");
  ASSERT_TRUE(rig().PutPolicy("brought", policy).ok());
  RawGuest guest(rig());
  ASSERT_TRUE(guest.Send(guest.EvidenceFor(guest.Open("brought"))));
  const auto message = guest.Receive();
  ASSERT_TRUE(message.has_value());
  EXPECT_TRUE(message->has_release());
}

TEST_F(ReleaseExchange, RetiredVersionOpensNowhere) {
  ASSERT_TRUE(rig().PutVersion("aged", 7).ok());
  ASSERT_TRUE(rig().PutPolicy("aged", ReleaseRig::GuestPolicy()).ok());
  admin::v1::RetireVersionRequest request;
  request.set_volume("aged");
  request.set_version(1);
  grpc::ClientContext context;
  admin::v1::Empty empty;
  ASSERT_TRUE(rig().admin().RetireVersion(&context, request, &empty).ok());
  RawGuest guest(rig());
  const Ending ending = guest.Refused(guest.EvidenceFor(guest.Open("aged")));
  EXPECT_EQ(ending.reason, "header-unknown");
  EXPECT_THAT(rig().Audit(ending.audit_id), HasSubstr("version 1 is retired"));
}

TEST_F(ReleaseExchange, KeyThatNoSecretCanBeSharedWithIsRefused) {
  // Bound correctly to the all-zero point, which every X25519 secret would be
  // zero with.
  RawGuest guest(rig());
  const v1::Challenge challenge = guest.Open();
  attest::TdReport report = ReleaseRig::GuestReport();
  const std::string zero(32, '\0');
  report.report_data = *attest::ReportData(
      {.purpose = "OPEN",
       .nonce = AsBytes(challenge.nonce()),
       .public_key = AsBytes(zero),
       .volume = "data",
       .header_sha256 = AsBytes(guest.claims().header),
       .certificate_sha256 = AsBytes(guest.claims().certificate),
       .config_digest = AsBytes(guest.claims().config_digest)});
  v1::GuestMessage evidence = guest.EvidenceFor(challenge);
  const auto quote = rig().signer().Sign(4, report);
  evidence.mutable_evidence()->set_quote(quote->data(), quote->size());
  evidence.mutable_evidence()->set_public_key(zero);
  const Ending ending = guest.Refused(evidence);
  EXPECT_EQ(ending.reason, "request-invalid");
  EXPECT_THAT(rig().Audit(ending.audit_id), HasSubstr("\"kind\":\"refusal\""));
}

TEST_F(ReleaseExchange, VersionFiveQuotesAreTaken) {
  RawGuest guest(rig());
  const v1::Challenge challenge = guest.Open();
  v1::GuestMessage evidence = guest.EvidenceFor(challenge);
  const auto parsed = attest::ParseQuote(AsBytes(evidence.evidence().quote()));
  ASSERT_TRUE(parsed.has_value());
  const auto quote = rig().signer().Sign(5, *parsed->td_report());
  // Trailing padding, as the kernel's device gives it.
  evidence.mutable_evidence()->set_quote(std::string(AsText(*quote)) +
                                         std::string(100, '\0'));
  ASSERT_TRUE(guest.Send(evidence));
  EXPECT_TRUE(guest.Receive().has_value());
}

TEST_F(ReleaseExchange, WrongMacIsToldAndLeavesAnUnknownOutcome) {
  RawGuest guest(rig());
  const v1::Release release = Release(&guest);
  v1::GuestMessage outcome = guest.OutcomeFor(release, true);
  outcome.mutable_outcome()->mutable_mac()->at(0) ^= 1;
  ASSERT_TRUE(guest.Send(outcome));
  const Ending ending = guest.Finish();
  EXPECT_EQ(ending.reason, "outcome-invalid");
  EXPECT_EQ(ending.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(rig().Audit(ending.audit_id), HasSubstr(R"("result":"unknown")"));
}

TEST_F(ReleaseExchange, GuestThatLeavesAfterItsGrantLeavesAnUnknownOutcome) {
  RawGuest guest(rig());
  (void)Release(&guest);
  const std::string record = rig().LastAudit();
  guest.Cancel();
  (void)guest.Finish();
  // The server learns of it a moment later; the test waits as long as ctest
  // lets it.
  while (rig().LastAudit().find(R"("result":"unknown")") == std::string::npos) {
  }
  EXPECT_THAT(record, Not(HasSubstr("outcome")));
}

struct Lie {
  std::string name;
  std::function<void(v1::GuestMessage*)> change;
  std::string reason;
};

class LyingBegin : public ReleaseExchange,
                   public ::testing::WithParamInterface<Lie> {};

TEST_P(LyingBegin, IsRefusedWithItsReason) {
  RawGuest guest(rig());
  v1::GuestMessage message = guest.Begin();
  GetParam().change(&message);
  EXPECT_TRUE(guest.Send(message));
  EXPECT_FALSE(guest.Receive().has_value());
  const Ending ending = guest.Finish();
  EXPECT_EQ(ending.reason, GetParam().reason);
  EXPECT_THAT(rig().Audit(ending.audit_id), HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    All, LyingBegin,
    ::testing::Values(
        Lie{"Empty", [](auto* m) { m->Clear(); }, "request-invalid"},
        Lie{"EvidenceFirst", [](auto* m) { m->mutable_evidence(); },
            "request-invalid"},
        Lie{"OutcomeFirst", [](auto* m) { m->mutable_outcome(); },
            "request-invalid"},
        Lie{"NoVolume", [](auto* m) { m->mutable_begin()->clear_volume(); },
            "request-invalid"},
        Lie{"PathAsVolume",
            [](auto* m) { m->mutable_begin()->set_volume("../etc"); },
            "request-invalid"},
        Lie{"LongVolume",
            [](auto* m) {
              m->mutable_begin()->set_volume(std::string(49, 'a'));
            },
            "request-invalid"},
        Lie{"Format",
            [](auto* m) { m->mutable_begin()->set_purpose(v1::FORMAT); },
            "purpose-unsupported"},
        Lie{"NoPurpose", [](auto* m) { m->mutable_begin()->clear_purpose(); },
            "purpose-unsupported"},
        Lie{"UnknownPurpose",
            [](auto* m) {
              m->mutable_begin()->set_purpose(static_cast<v1::Purpose>(77));
            },
            "purpose-unsupported"},
        Lie{"NoHeader",
            [](auto* m) { m->mutable_begin()->clear_header_sha256(); },
            "request-invalid"},
        Lie{"LongHeader",
            [](auto* m) {
              m->mutable_begin()->set_header_sha256(std::string(33, 'h'));
            },
            "request-invalid"},
        Lie{"NoEvidenceKind",
            [](auto* m) { m->mutable_begin()->clear_evidence(); },
            "evidence-unsupported"},
        Lie{"OddVersionText",
            [](auto* m) {
              m->mutable_begin()->set_agent_version("1\n\"kind\":\"release\"");
            },
            "request-invalid"},
        Lie{"HugeVersionText",
            [](auto* m) {
              m->mutable_begin()->set_agent_version(std::string(2000, 'v'));
            },
            "message-too-large"}),
    [](const auto& row) { return row.param.name; });

class LyingEvidence : public ReleaseExchange,
                      public ::testing::WithParamInterface<Lie> {};

TEST_P(LyingEvidence, IsRefusedWithItsReason) {
  RawGuest guest(rig());
  v1::GuestMessage message = guest.EvidenceFor(guest.Open());
  GetParam().change(&message);
  const Ending ending = guest.Refused(message);
  EXPECT_EQ(ending.reason, GetParam().reason);
  EXPECT_FALSE(ending.audit_id.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, LyingEvidence,
    ::testing::Values(
        Lie{"Empty", [](auto* m) { m->Clear(); }, "request-invalid"},
        Lie{"SecondBegin", [](auto* m) { m->mutable_begin(); },
            "request-invalid"},
        Lie{"OutcomeTooEarly", [](auto* m) { m->mutable_outcome(); },
            "request-invalid"},
        Lie{"NoKey", [](auto* m) { m->mutable_evidence()->clear_public_key(); },
            "request-invalid"},
        Lie{"LongKey",
            [](auto* m) {
              m->mutable_evidence()->set_public_key(std::string(33, 'k'));
            },
            "request-invalid"},
        Lie{"NoCertificate",
            [](auto* m) {
              m->mutable_evidence()->clear_server_certificate_sha256();
            },
            "request-invalid"},
        Lie{"ShortConfigDigest",
            [](auto* m) {
              m->mutable_evidence()->set_config_digest(std::string(31, 'c'));
            },
            "request-invalid"},
        Lie{"OtherConfigDigest",
            [](auto* m) {
              m->mutable_evidence()->set_config_digest(std::string(32, 'c'));
            },
            "binding-mismatch"},
        Lie{"NoQuote", [](auto* m) { m->mutable_evidence()->clear_quote(); },
            "quote-invalid"}),
    [](const auto& row) { return row.param.name; });

TEST_F(ReleaseExchange, SecondEvidenceAfterTheGrantIsRefused) {
  RawGuest guest(rig());
  const v1::GuestMessage evidence = guest.EvidenceFor(guest.Open());
  ASSERT_TRUE(guest.Send(evidence));
  ASSERT_TRUE(guest.Receive().has_value());
  const Ending ending = guest.Refused(evidence);
  EXPECT_EQ(ending.reason, "request-invalid");
  EXPECT_THAT(rig().Audit(ending.audit_id), HasSubstr(R"("result":"unknown")"));
}

}  // namespace
}  // namespace tdxvfs::keyserver
