// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/verify_quote.h"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "attest/verify/p256.h"
#include "attest/verify/pck_chain.h"
#include "common/hex.h"
#include "common/sha256.h"

namespace tdxvfs::verify {
namespace {

using attest::Quote;

constexpr std::uint16_t kPemPckChain = 5;
// SGX attribute flags, byte 0.
constexpr std::uint8_t kSgxDebug = 0x02;

attest::Check Demand(std::string name, std::string expected,
                     std::string source) {
  attest::Check check;
  check.name = std::move(name);
  check.expected = std::move(expected);
  check.source = std::move(source);
  return check;
}

// One quote on its way through the links. Each step records its check and
// tells whether to go on; the first that does not hold is the last.
class Verification {
 public:
  explicit Verification(Quote quote) { evaluation_.quote = std::move(quote); }

  Result<void> Run(const Judging& judging);
  Evaluation Take() && { return std::move(evaluation_); }

 private:
  Result<bool> HasPckChain();
  Result<bool> ChainLeadsTo(const TrustAnchor& anchor);
  Result<bool> ChainIsValidAt(std::chrono::system_clock::time_point now);
  Result<bool> QeReportIsSigned();
  Result<bool> AttestationKeyIsBound();
  Result<bool> QeIsNoDebugEnclave();
  Result<bool> QuoteIsSigned();

  const Quote& quote() const { return evaluation_.quote; }
  bool Holds(attest::Check check);
  bool Fails(attest::Check check, FailureClass failure, std::string why);
  // Records a check from a step's result; kInternal goes up instead.
  Result<bool> Judge(attest::Check check, FailureClass failure,
                     const Result<void>& result);

  Evaluation evaluation_;
  std::shared_ptr<const PckChain> chain_;
};

bool Verification::Holds(attest::Check check) {
  check.passed = true;
  if (check.actual.empty()) {
    check.actual = check.expected;
  }
  evaluation_.checks.push_back(std::move(check));
  return true;
}

bool Verification::Fails(attest::Check check, FailureClass failure,
                         std::string why) {
  check.passed = false;
  if (check.actual.empty()) {
    check.actual = why;
  }
  evaluation_.failure_class = failure;
  evaluation_.failure = check.name + ": " + std::move(why);
  evaluation_.checks.push_back(std::move(check));
  return false;
}

Result<bool> Verification::Judge(attest::Check check, FailureClass failure,
                                 const Result<void>& result) {
  if (result.has_value()) {
    return Holds(std::move(check));
  }
  if (result.error().reason() == Reason::kInternal) {
    return result.error();
  }
  return Fails(std::move(check), failure, result.error().ToString());
}

Result<bool> Verification::HasPckChain() {
  const std::uint16_t type = quote().certification_type;
  attest::Check check =
      Demand("certification data", "type 5, PCK chain", "signature section");
  check.actual = "type " + std::to_string(type);
  if (type != kPemPckChain) {
    return Fails(std::move(check), FailureClass::kUnsupported,
                 "no PCK chain in quote (certification data type " +
                     std::to_string(type) + ")");
  }
  return Holds(std::move(check));
}

Result<bool> Verification::ChainLeadsTo(const TrustAnchor& anchor) {
  attest::Check check = Demand(
      "PCK chain", "leads to the root with key " + ToHex(anchor.key_digest()),
      "trust anchor");
  ASSIGN_OR_RETURN(ChainOutcome outcome,
                   VerifyPckChain(quote().certification_data, anchor));
  if (outcome.chain == nullptr) {
    return Fails(std::move(check), outcome.refusal.failure,
                 std::move(outcome.refusal.why));
  }
  chain_ = std::move(outcome.chain);
  evaluation_.platform = chain_->platform;
  return Holds(std::move(check));
}

Result<bool> Verification::ChainIsValidAt(
    std::chrono::system_clock::time_point now) {
  attest::Check check = Demand("PCK chain dates", "valid now", "certificates");
  if (auto refusal = CheckValidity(*chain_, now); refusal.has_value()) {
    return Fails(std::move(check), refusal->failure, std::move(refusal->why));
  }
  return Holds(std::move(check));
}

Result<bool> Verification::QeReportIsSigned() {
  return Judge(Demand("QE report signature", "by the PCK leaf", "PCK leaf"),
               FailureClass::kQeReportSignature,
               CheckP256Signature(chain_->leaf_key(), quote().qe_report_bytes,
                                  quote().qe_report_signature));
}

// The QE vouches for the attestation key by putting its hash, and zeroes
// after it, into its own report. Without this link anyone could splice a
// genuine QE report behind a body of their own.
Result<bool> Verification::AttestationKeyIsBound() {
  std::vector<std::uint8_t> bound(quote().attestation_key.begin(),
                                  quote().attestation_key.end());
  bound.insert(bound.end(), quote().qe_authentication_data.begin(),
               quote().qe_authentication_data.end());
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256(bound));
  attest::ByteArray<64> expected{};
  std::copy(digest.begin(), digest.end(), expected.begin());
  const auto& actual = quote().qe_report.report_data;
  attest::Check check =
      Demand("attestation key binding", ToHex(expected), "QE report data");
  check.actual = ToHex(actual);
  if (actual != expected) {
    return Fails(std::move(check), FailureClass::kQeReportData,
                 "the QE report vouches for another key");
  }
  return Holds(std::move(check));
}

Result<bool> Verification::QeIsNoDebugEnclave() {
  attest::Check check =
      Demand("QE debug flag", "clear", "QE report attributes");
  if ((quote().qe_report.attributes[0] & kSgxDebug) != 0) {
    return Fails(std::move(check), FailureClass::kQeDebug,
                 "the quoting enclave runs in debug mode");
  }
  return Holds(std::move(check));
}

Result<bool> Verification::QuoteIsSigned() {
  const auto key = P256Key(quote().attestation_key);
  if (!key.has_value()) {
    return Judge(
        Demand("attestation key", "a point of P-256", "signature section"),
        FailureClass::kAttestationKey, key.error());
  }
  const auto message = std::span(quote().bytes).first(quote().signed_size);
  return Judge(
      Demand("quote signature", "by the attestation key", "attestation key"),
      FailureClass::kQuoteSignature,
      CheckP256Signature(key->get(), message, quote().signature));
}

Result<void> Verification::Run(const Judging& judging) {
  // What the quote alone can show comes first, so that a peer that has proved
  // nothing never makes a server look up collateral.
  for (const auto& step : std::initializer_list<std::function<Result<bool>()>>{
           [&] { return HasPckChain(); },
           [&] { return ChainLeadsTo(judging.anchor); },
           [&] { return ChainIsValidAt(judging.now); },
           [&] { return QeReportIsSigned(); },
           [&] { return AttestationKeyIsBound(); },
           [&] { return QeIsNoDebugEnclave(); },
           [&] { return QuoteIsSigned(); },
       }) {
    ASSIGN_OR_RETURN(const bool holds, step());
    if (!holds) {
      return {};
    }
  }
  if (judging.collateral != nullptr) {
    return Error(Reason::kCollateralUnavailable, "not judged by collateral");
  }
  evaluation_.genuine = true;
  return {};
}

}  // namespace

Result<Evaluation> VerifyQuote(attest::Quote quote, const Judging& judging) {
  Verification verification(std::move(quote));
  RETURN_IF_ERROR(verification.Run(judging).Context("verify quote"));
  return std::move(verification).Take();
}

}  // namespace tdxvfs::verify
