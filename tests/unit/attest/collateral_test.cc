// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/collateral.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/hex.h"
#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::verify {
namespace {

using simulator::CollateralSpec;
using simulator::PkiSpec;
using testing::GoodAnchor;
using testing::GoodCollateral;
using testing::GoodPki;
using testing::kVectorTime;
using testing::MakeDocuments;

constexpr auto kDay = std::chrono::hours(24);
constexpr auto kSecond = std::chrono::seconds(1);

std::string ClassOf(const CollateralDocuments& documents,
                    const TrustAnchor& anchor = GoodAnchor()) {
  const CollateralOutcome outcome = VerifyCollateral(documents, anchor).value();
  EXPECT_EQ(outcome.collateral == nullptr,
            outcome.refusal.failure != FailureClass::kNone);
  return std::string(FailureClassName(outcome.refusal.failure));
}

std::shared_ptr<const Collateral> Verified(const CollateralSpec& spec) {
  return VerifyCollateral(MakeDocuments(spec), GoodAnchor()).value().collateral;
}

std::shared_ptr<const PckChain> GoodChain() {
  const std::string pem = GoodPki().ChainPem().value();
  return VerifyPckChain(AsBytes(pem), GoodAnchor()).value().chain;
}

TEST(Collateral, AcceptsGoodSetsOfBothTees) {
  for (const attest::Tee tee : {attest::Tee::kSgx, attest::Tee::kTdx}) {
    const auto set = Verified(GoodCollateral(tee));
    ASSERT_NE(set, nullptr);
    EXPECT_EQ(set->tcb_info().tee, tee);
    EXPECT_EQ(set->qe_identity().tee, tee);
    EXPECT_TRUE(set->platform_ca());
    EXPECT_EQ(set->windows().size(), 7U);
    EXPECT_FALSE(set->CheckDates(kVectorTime).has_value());
    EXPECT_FALSE(set->CheckRevocation(*GoodChain()).has_value());
  }
}

TEST(Collateral, RefusesEachWrongMemberByItsClass) {
  struct Row {
    std::string failure_class;
    std::function<void(CollateralDocuments&)> change;
  };
  const CollateralDocuments good = MakeDocuments(GoodCollateral());
  const std::vector<Row> rows = {
      {"crl", [](auto& d) { d.pck_crl_issuer_chain.clear(); }},
      {"crl", [](auto& d) { d.pck_crl_issuer_chain = d.tcb_signing_chain; }},
      {"crl", [](auto& d) { d.pck_crl_issuer_chain.assign(70000, '\n'); }},
      {"crl", [](auto& d) { d.root_ca_crl.clear(); }},
      {"crl", [](auto& d) { d.root_ca_crl = d.pck_crl; }},
      {"crl", [](auto& d) { d.root_ca_crl.push_back(0); }},
      {"crl", [](auto& d) { d.pck_crl.clear(); }},
      {"crl", [](auto& d) { d.pck_crl = d.root_ca_crl; }},
      {"tcb-signing-chain", [](auto& d) { d.tcb_signing_chain.clear(); }},
      {"tcb-signing-chain",
       [](auto& d) { d.tcb_signing_chain = d.pck_crl_issuer_chain; }},
      {"tcb-signing-chain",
       [](auto& d) { d.tcb_signing_chain += d.tcb_signing_chain; }},
      {"tcb-signing-chain", [](auto& d) { d.tcb_signing_chain += "x"; }},
      {"tcb-info-format", [](auto& d) { d.tcb_info.clear(); }},
      {"tcb-info-format", [](auto& d) { d.tcb_info = d.qe_identity; }},
      {"tcb-info-signature",
       [](auto& d) { d.tcb_info.insert(d.tcb_info.find("\"id\""), " "); }},
      {"qe-identity-format", [](auto& d) { d.qe_identity = d.tcb_info; }},
      {"qe-identity-signature", [](auto& d) {
         d.qe_identity.insert(d.qe_identity.find("\"id\""), " ");
       }}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CollateralDocuments changed = good;
    rows[i].change(changed);
    EXPECT_EQ(ClassOf(changed), rows[i].failure_class) << "row " << i;
  }
}

TEST(Collateral, ReadsADocumentOnlyOnceItsSignatureHolds) {
  CollateralSpec spec = GoodCollateral();
  spec.tcb_info.tcb_type = 1;
  EXPECT_EQ(ClassOf(MakeDocuments(spec)), "tcb-info-format");
  spec.tcb_info.signing.after_signing = {{"\"tcbType\":1", "\"tcbType\":2"}};
  EXPECT_EQ(ClassOf(MakeDocuments(spec)), "tcb-info-signature");
  spec = GoodCollateral();
  spec.qe_identity.version = 1;
  EXPECT_EQ(ClassOf(MakeDocuments(spec)), "qe-identity-format");
  spec.qe_identity.signing.after_signing = {{"\"version\":1", "\"version\":2"}};
  EXPECT_EQ(ClassOf(MakeDocuments(spec)), "qe-identity-signature");
}

TEST(Collateral, RefusesARevokedPckCaOrTcbSigner) {
  for (X509* revoked : {GoodPki().intermediate(), GoodPki().tcb_signing()}) {
    CollateralSpec spec = GoodCollateral();
    spec.root_ca_crl.revoked = {{simulator::SerialOf(revoked).value()}};
    EXPECT_EQ(ClassOf(MakeDocuments(spec)), "revoked-ca");
  }
}

TEST(Collateral, RefusesASetThatLeadsToAnotherRoot) {
  const auto other = testing::MakeChainCase([](PkiSpec&) {});
  EXPECT_EQ(ClassOf(MakeDocuments(GoodCollateral(), other.pki)), "crl");
  CollateralDocuments mixed = MakeDocuments(GoodCollateral());
  mixed.tcb_signing_chain = other.pki.TcbSigningChainPem().value();
  EXPECT_EQ(ClassOf(mixed), "tcb-signing-chain");
}

TEST(Collateral, RefusesEveryOtherTcbSigner) {
  const std::vector<std::function<void(PkiSpec&)>> changes = {
      [](PkiSpec& s) { s.tcb_signing.common_name = "Intel SGX TCB Signing 2"; },
      [](PkiSpec& s) { s.tcb_signing.basic_constraints = "critical,CA:TRUE"; },
      [](PkiSpec& s) { s.tcb_signing.key_usage = "critical,keyCertSign"; },
      [](PkiSpec& s) { s.tcb_signing.unknown_critical_extension = true; },
      [](PkiSpec& s) { s.tcb_signing.sha384 = true; }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto made = testing::MakeChainCase(changes[i]);
    ASSERT_OK_AND_ASSIGN(const std::string pem, made.pki.RootPem());
    ASSERT_OK_AND_ASSIGN(const TrustAnchor anchor, TrustAnchor::FromPem(pem));
    EXPECT_EQ(ClassOf(MakeDocuments(GoodCollateral(), made.pki), anchor),
              "tcb-signing-chain")
        << i;
  }
}

TEST(Collateral, ARevokedLeafIsToldByItsClass) {
  CollateralSpec spec = GoodCollateral();
  spec.pck_crl.revoked = {
      {simulator::SerialOf(GoodPki().leaf()).value(), false}};
  const auto set = Verified(spec);
  ASSERT_NE(set, nullptr);
  const auto refusal = set->CheckRevocation(*GoodChain());
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->failure, FailureClass::kRevokedPck);
}

// The anchor signed both CAs; the CRL of one says nothing about the other's
// leaves.
TEST(Collateral, TheCrlOfAnotherPckCaIsNotNotRevoked) {
  ASSERT_OK_AND_ASSIGN(const EvpPkeyPtr key,
                       simulator::MakeKey(simulator::KeyKind::kP256));
  auto spec = simulator::GoodPkiSpec({}, simulator::PckCa::kProcessor);
  ASSERT_OK_AND_ASSIGN(
      const X509Ptr processor_ca,
      simulator::MakeCertificate(spec.intermediate, key.get(),
                                 {GoodPki().root(), GoodPki().root_key()}));
  CollateralDocuments documents = MakeDocuments(GoodCollateral());
  documents.pck_crl = simulator::MakeCrl(GoodCollateral().pck_crl,
                                         {processor_ca.get(), key.get()})
                          .value();
  documents.pck_crl_issuer_chain =
      simulator::ToPem(processor_ca.get()).value() +
      GoodPki().RootPem().value();
  ASSERT_OK_AND_ASSIGN(const CollateralOutcome outcome,
                       VerifyCollateral(documents, GoodAnchor()));
  ASSERT_NE(outcome.collateral, nullptr) << outcome.refusal.why;
  EXPECT_FALSE(outcome.collateral->platform_ca());
  const auto refusal = outcome.collateral->CheckRevocation(*GoodChain());
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->failure, FailureClass::kCrl);
  // With the leaf's CA at hand it is refused at once.
  ASSERT_OK_AND_ASSIGN(
      const CollateralOutcome judged,
      VerifyCollateral(documents, GoodAnchor(), GoodChain()->ca));
  EXPECT_EQ(judged.refusal.failure, FailureClass::kCrl);
}

// A CA is what its key and its name are: a second one of the same name would
// list other leaves.
TEST(Collateral, TheCrlOfAnotherCaOfTheSameNameIsNotNotRevoked) {
  ASSERT_OK_AND_ASSIGN(const EvpPkeyPtr key,
                       simulator::MakeKey(simulator::KeyKind::kP256));
  ASSERT_OK_AND_ASSIGN(const X509Ptr twin,
                       simulator::MakeCertificate(
                           simulator::GoodPkiSpec().intermediate, key.get(),
                           {GoodPki().root(), GoodPki().root_key()}));
  CollateralDocuments documents = MakeDocuments(GoodCollateral());
  ASSERT_OK_AND_ASSIGN(
      documents.pck_crl,
      simulator::MakeCrl(GoodCollateral().pck_crl, {twin.get(), key.get()}));
  ASSERT_OK_AND_ASSIGN(const std::string pem, simulator::ToPem(twin.get()));
  documents.pck_crl_issuer_chain = pem + GoodPki().RootPem().value();
  ASSERT_OK_AND_ASSIGN(const CollateralOutcome outcome,
                       VerifyCollateral(documents, GoodAnchor()));
  ASSERT_NE(outcome.collateral, nullptr) << outcome.refusal.why;
  const auto refusal = outcome.collateral->CheckRevocation(*GoodChain());
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->failure, FailureClass::kCrl);
}

// Re-issued with the same key: the set's own copy stands, the quote's is
// revoked.
TEST(Collateral, AnotherCertificateOfThePckCaMayBeRevoked) {
  ASSERT_OK_AND_ASSIGN(
      const X509Ptr copy,
      simulator::MakeCertificate(simulator::GoodPkiSpec().intermediate,
                                 GoodPki().intermediate_key(),
                                 {GoodPki().root(), GoodPki().root_key()}));
  ASSERT_OK_AND_ASSIGN(const std::string leaf,
                       simulator::ToPem(GoodPki().leaf()));
  ASSERT_OK_AND_ASSIGN(const std::string ca, simulator::ToPem(copy.get()));
  const std::string pem = leaf + ca + GoodPki().RootPem().value();
  ASSERT_OK_AND_ASSIGN(const ChainOutcome chain,
                       VerifyPckChain(AsBytes(pem), GoodAnchor()));
  ASSERT_NE(chain.chain, nullptr) << chain.refusal.why;
  CollateralSpec spec = GoodCollateral();
  spec.root_ca_crl.revoked = {{simulator::SerialOf(copy.get()).value()}};
  const auto set = Verified(spec);
  ASSERT_NE(set, nullptr);
  EXPECT_FALSE(set->CheckRevocation(*GoodChain()).has_value());
  const auto refusal = set->CheckRevocation(*chain.chain);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->failure, FailureClass::kRevokedCa);
}

TEST(Collateral, EachDateIsJudgedAtBothEnds) {
  struct Row {
    std::string name;
    std::chrono::system_clock::duration skew;
    std::function<void(CollateralSpec&)> narrow;
  };
  const auto from = kVectorTime;
  const auto to = kVectorTime + kDay;
  const auto set = [&](auto& document) {
    document.issue_date = from;
    document.next_update = to;
  };
  const auto set_crl = [&](auto& crl) {
    crl.this_update = from;
    crl.next_update = to;
  };
  const auto skew = std::chrono::minutes(5);
  const std::vector<Row> rows = {
      {"TCB info", skew, [&](auto& s) { set(s.tcb_info); }},
      {"QE identity", skew, [&](auto& s) { set(s.qe_identity); }},
      {"root CA CRL", kSecond * 0, [&](auto& s) { set_crl(s.root_ca_crl); }},
      {"PCK CRL", kSecond * 0, [&](auto& s) { set_crl(s.pck_crl); }}};
  for (const Row& row : rows) {
    CollateralSpec spec = GoodCollateral();
    row.narrow(spec);
    const auto collateral = Verified(spec);
    ASSERT_NE(collateral, nullptr);
    EXPECT_FALSE(collateral->CheckDates(from - row.skew).has_value());
    EXPECT_FALSE(collateral->CheckDates(to).has_value());
    const auto early = collateral->CheckDates(from - row.skew - kSecond);
    ASSERT_TRUE(early.has_value());
    EXPECT_EQ(early->failure, FailureClass::kNotYetValid);
    EXPECT_EQ(early->why.find(row.name + " is not yet valid"), 0U)
        << early->why;
    const auto late = collateral->CheckDates(to + kSecond);
    ASSERT_TRUE(late.has_value());
    EXPECT_EQ(late->failure, FailureClass::kExpired);
    EXPECT_EQ(late->why.find(row.name + " expired at"), 0U) << late->why;
  }
}

}  // namespace
}  // namespace tdxvfs::verify
