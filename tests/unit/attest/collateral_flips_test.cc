// SPDX-License-Identifier: Apache-2.0
// Every byte of every member of a set with one bit changed.
#include <functional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "attest/verify/pem_chain.h"
#include "common/hex.h"
#include "tests/support/quote_builder.h"
#include "tests/unit/attest/mutants.h"

namespace tdxvfs::testing {
namespace {

using verify::CollateralDocuments;

// The classes that flips of a member's bytes were refused by; the empty one
// when some were accepted.
template <typename Member, typename Judged>
std::set<std::string> ClassesOfFlips(Member CollateralDocuments::*member,
                                     unsigned bit, const Judged& accepted) {
  static const simulator::Bytes quote = GoodQuote();
  CollateralDocuments documents = *GoodDocuments(attest::Tee::kTdx);
  std::set<std::string> classes;
  Member& bytes = documents.*member;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto good = bytes[i];
    bytes[i] = static_cast<typename Member::value_type>(
        static_cast<unsigned char>(good) ^ (1U << bit));
    const Verdict verdict = VerdictBy(documents, quote);
    if (verdict.genuine) {
      accepted(i, documents);
    }
    classes.insert(verdict.failure_class);
    bytes[i] = good;
  }
  return classes;
}

void FailOnAcceptance(std::size_t byte, const CollateralDocuments& /*set*/) {
  ADD_FAILURE() << "accepted with byte " << byte << " changed";
}

TEST(CollateralFlips, A9_EveryByteOfTcbInfoCounts) {
  EXPECT_EQ(ClassesOfFlips(&CollateralDocuments::tcb_info, 0, FailOnAcceptance),
            (std::set<std::string>{"tcb-info-format", "tcb-info-signature"}));
}

TEST(CollateralFlips, A9_EveryByteOfQeIdentityCounts) {
  EXPECT_EQ(
      ClassesOfFlips(&CollateralDocuments::qe_identity, 1, FailOnAcceptance),
      (std::set<std::string>{"qe-identity-format", "qe-identity-signature"}));
}

// What is no longer text is not even looked at.
TEST(CollateralFlips, A9_BytesThatAreNoTextAreRefusedByForm) {
  EXPECT_EQ(
      ClassesOfFlips(&CollateralDocuments::qe_identity, 7, FailOnAcceptance),
      std::set<std::string>{"qe-identity-format"});
}

TEST(CollateralFlips, A9_EveryBitOfEveryByteOfCrlsCounts) {
  for (unsigned bit = 0; bit < 8; ++bit) {
    EXPECT_EQ(ClassesOfFlips(&CollateralDocuments::root_ca_crl, bit,
                             FailOnAcceptance),
              std::set<std::string>{"crl"});
    EXPECT_EQ(
        ClassesOfFlips(&CollateralDocuments::pck_crl, bit, FailOnAcceptance),
        std::set<std::string>{"crl"});
  }
}

// White space and the bits of a last letter that base64 does not use mean
// nothing: what is accepted must carry the very same certificates.
TEST(CollateralFlips, A9_FlipsInTheSigningChainNeverChangeACertificate) {
  const auto certificates = [](const CollateralDocuments& documents) {
    return verify::SplitPemChain(documents.tcb_signing_chain, 2).value();
  };
  const auto original = certificates(*GoodDocuments(attest::Tee::kTdx));
  int accepted = 0;
  auto classes = ClassesOfFlips(
      &CollateralDocuments::tcb_signing_chain, 0,
      [&](std::size_t byte, const CollateralDocuments& documents) {
        EXPECT_EQ(certificates(documents), original) << byte;
        ++accepted;
      });
  classes.erase("");
  EXPECT_EQ(classes, std::set<std::string>{"tcb-signing-chain"});
  EXPECT_LT(accepted, 100);
}

// Half of the order of P-256 is no border: Intel signs with both halves. n - s
// signs what s signs, so such a quote is the same evidence with the same
// signer; whoever tells quotes apart by their bytes must not count on one form.
TEST(Malleability, TheOtherHalfOfASignatureIsAccepted) {
  const BignumPtr order(BN_bin2bn(WrongScalars()[1].value.data(), 32, nullptr));
  const auto negate = [&](attest::ByteArray<64>& raw) {
    const BignumPtr s(BN_bin2bn(&raw[32], 32, nullptr));
    ASSERT_EQ(BN_sub(s.get(), order.get(), s.get()), 1);
    ASSERT_EQ(BN_bn2binpad(s.get(), &raw[32], 32), 32);
  };
  for (const QuoteKind& kind : QuoteKinds()) {
    simulator::QuoteParts parts = kind.parts;
    negate(parts.signature);
    negate(parts.qe_report_signature);
    const auto tee = static_cast<attest::Tee>(parts.tee);
    const Verdict verdict = VerdictBy(*GoodDocuments(tee), parts.Assemble());
    EXPECT_TRUE(verdict.genuine) << kind.name << ": " << verdict.failure;
  }
}

}  // namespace
}  // namespace tdxvfs::testing
