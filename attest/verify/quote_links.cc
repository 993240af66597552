// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/quote_links.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attest/pck_cert_id.h"
#include "attest/verify/p256.h"
#include "attest/verify/pck_cert_match.h"
#include "attest/verify/quoting_enclave.h"
#include "attest/verify/utc_time.h"
#include "attest/verify/verified_cache.h"
#include "common/hex.h"
#include "common/sha256.h"

namespace tdxvfs::verify {
namespace {

using attest::Quote;

constexpr std::uint16_t kRsa3072Ppid = 3;
constexpr std::uint16_t kPemPckChain = 5;
// SGX attribute flags, byte 0.
constexpr std::uint8_t kSgxDebug = 0x02;

constexpr std::string_view kQuoteFormat =
    "Intel TDX DCAP quoting library API, appendix 3: signature section";
constexpr std::string_view kCertificates =
    "Intel SGX PCK certificate and CRL profile specification, 1.3";

// One quote on its way through its links.
class QuoteLinks {
 public:
  explicit QuoteLinks(Evaluation& evaluation)
      : evaluation_(evaluation), record_(evaluation) {}

  Result<bool> HasPckChain(PckChainSource* source);
  Result<bool> ChainLeadsTo(const TrustAnchor& anchor);
  bool ChainIsValidAt(std::chrono::system_clock::time_point now);
  Result<bool> QeReportIsSigned(const TrustAnchor& anchor);
  Result<bool> AttestationKeyIsBound();
  bool QeIsNoDebugEnclave();
  Result<bool> QuoteIsSigned(const TrustAnchor& anchor);
  std::shared_ptr<const PckChain> chain() const { return chain_; }

 private:
  const Quote& quote() const { return evaluation_.quote; }

  Evaluation& evaluation_;
  CheckRecord record_;
  std::string_view chain_pem_;
  // Of a quote that names its PCK certificate.
  std::optional<attest::PckCertId> cert_id_;
  std::string looked_up_;
  std::shared_ptr<const PckChain> chain_;
  Sha256Digest enclave_digest_{};
  // What is known of the quoting enclave already, or null.
  std::shared_ptr<const QuotingEnclave> enclave_;
};

// Types 1 to 3 name the certificate for a provisioning service to look up, type
// 4 leaves the issuers out.
Result<bool> QuoteLinks::HasPckChain(PckChainSource* source) {
  const std::uint16_t type = quote().certification_type;
  attest::Check check =
      Demand("certification data", "type 5, PCK chain", kQuoteFormat);
  check.actual = "type " + std::to_string(type);
  if (type == kPemPckChain) {
    chain_pem_ = AsText(quote().certification_data);
    return record_.Holds(std::move(check));
  }
  if (source == nullptr || type > kRsa3072Ppid) {
    return record_.Fails(std::move(check), FailureClass::kUnsupported,
                         "no PCK chain in quote (certification data type " +
                             std::to_string(type) + ")");
  }
  const auto id = attest::ReadPckCertId(quote());
  if (!id.has_value()) {
    return record_.Fails(std::move(check), FailureClass::kUnsupported,
                         id.error().message());
  }
  ASSIGN_OR_RETURN(looked_up_, source->Find(*id));
  cert_id_ = *id;
  chain_pem_ = looked_up_;
  check.expected = "types 1 to 3, and a PCK chain that was looked up";
  return record_.Holds(std::move(check));
}

Result<bool> QuoteLinks::ChainLeadsTo(const TrustAnchor& anchor) {
  attest::Check check = Demand(
      "PCK chain", "leads to the root with key " + ToHex(anchor.key_digest()),
      kCertificates);
  ASSIGN_OR_RETURN(ChainOutcome outcome,
                   VerifyPckChain(AsBytes(chain_pem_), anchor));
  if (outcome.chain == nullptr) {
    return record_.Fails(std::move(check), outcome.refusal.failure,
                         std::move(outcome.refusal.why));
  }
  chain_ = std::move(outcome.chain);
  evaluation_.platform = chain_->platform;
  return record_.Holds(std::move(check)) &&
         (!cert_id_.has_value() ||
          record_.TakeAll(CheckPckCertMatch(*cert_id_, chain_->platform),
                          FailureClass::kPckChain));
}

bool QuoteLinks::ChainIsValidAt(std::chrono::system_clock::time_point now) {
  attest::Check check = Demand("PCK chain dates", "valid at " + UtcText(now),
                               "RFC 5280, 4.1.2.5");
  if (auto refusal = CheckValidity(*chain_, now); refusal.has_value()) {
    return record_.Fails(std::move(check), refusal->failure,
                         std::move(refusal->why));
  }
  return record_.Holds(std::move(check));
}

// A report that held before, to the byte and under this very chain, holds.
Result<bool> QuoteLinks::QeReportIsSigned(const TrustAnchor& anchor) {
  ASSIGN_OR_RETURN(enclave_digest_, EnclaveDigest(*chain_, quote()));
  enclave_ = anchor.enclaves().Find(enclave_digest_);
  return record_.Judge(
      Demand("QE report signature", "by the PCK leaf's key", kQuoteFormat),
      FailureClass::kQeReportSignature,
      enclave_ != nullptr
          ? Result<void>()
          : chain_->leaf_key().CheckSignature(quote().qe_report_bytes,
                                              quote().qe_report_signature));
}

// The QE vouches for the attestation key by putting its hash, and zeroes
// after it, into its own report. Without this link anyone could splice a
// genuine QE report behind a body of their own. An enclave is remembered only
// when it held, by every byte that it is made of.
Result<bool> QuoteLinks::AttestationKeyIsBound() {
  const auto& actual = quote().qe_report.report_data;
  if (enclave_ != nullptr) {
    return record_.Holds(
        Demand("attestation key binding", ToHex(actual), kQuoteFormat));
  }
  std::vector<std::uint8_t> bound(quote().attestation_key.begin(),
                                  quote().attestation_key.end());
  bound.insert(bound.end(), quote().qe_authentication_data.begin(),
               quote().qe_authentication_data.end());
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256(bound));
  attest::ByteArray<64> expected{};
  std::copy(digest.begin(), digest.end(), expected.begin());
  attest::Check check =
      Demand("attestation key binding", ToHex(expected), kQuoteFormat);
  check.actual = ToHex(actual);
  if (actual != expected) {
    const bool same_key =
        std::equal(digest.begin(), digest.end(), actual.begin());
    return record_.Fails(
        std::move(check), FailureClass::kQeReportData,
        same_key ? "the QE report has more behind the key's hash than zeroes"
                 : "the QE report vouches for another key");
  }
  return record_.Holds(std::move(check));
}

bool QuoteLinks::QeIsNoDebugEnclave() {
  attest::Check check =
      Demand("QE debug flag", "clear", "Intel SDM volume 3D, ATTRIBUTES.DEBUG");
  if ((quote().qe_report.attributes[0] & kSgxDebug) != 0) {
    return record_.Fails(std::move(check), FailureClass::kQeDebug,
                         "the quoting enclave runs in debug mode");
  }
  return record_.Holds(std::move(check));
}

// Reached only when the QE report holds and vouches for the key, so that the
// enclave is worth remembering.
Result<bool> QuoteLinks::QuoteIsSigned(const TrustAnchor& anchor) {
  if (enclave_ == nullptr) {
    auto key = P256Key::FromPoint(quote().attestation_key);
    if (!key.has_value()) {
      return record_.Judge(
          Demand("attestation key", "a point of P-256", kQuoteFormat),
          FailureClass::kAttestationKey, key.error());
    }
    enclave_ =
        std::make_shared<const QuotingEnclave>(QuotingEnclave{std::move(*key)});
    anchor.enclaves().Remember(enclave_digest_, enclave_);
  }
  const auto message = std::span(quote().bytes).first(quote().signed_size);
  return record_.Judge(
      Demand("quote signature", "by the attestation key", kQuoteFormat),
      FailureClass::kQuoteSignature,
      enclave_->attestation_key.CheckSignature(message, quote().signature));
}

}  // namespace

Result<std::shared_ptr<const PckChain>> CheckQuoteLinks(
    const Judging& judging, Evaluation& evaluation) {
  QuoteLinks links(evaluation);
  const std::shared_ptr<const PckChain> none;
  ASSIGN_OR_RETURN(bool holds, links.HasPckChain(judging.pck_chains));
  if (!holds) {
    return none;
  }
  ASSIGN_OR_RETURN(holds, links.ChainLeadsTo(judging.anchor));
  if (!holds || !links.ChainIsValidAt(judging.now)) {
    return none;
  }
  ASSIGN_OR_RETURN(holds, links.QeReportIsSigned(judging.anchor));
  if (!holds) {
    return none;
  }
  ASSIGN_OR_RETURN(holds, links.AttestationKeyIsBound());
  if (!holds || !links.QeIsNoDebugEnclave()) {
    return none;
  }
  ASSIGN_OR_RETURN(holds, links.QuoteIsSigned(judging.anchor));
  return holds ? links.chain() : none;
}

}  // namespace tdxvfs::verify
