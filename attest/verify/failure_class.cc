// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/failure_class.h"

#include <array>

namespace tdxvfs::verify {
namespace {

struct ClassInfo {
  FailureClass failure;
  std::string_view name;
  Reason reason;
  std::string_view remedy;
};

constexpr std::array<ClassInfo, 24> kClasses = {{
    {FailureClass::kNone, "", Reason::kQuoteInvalid, ""},
    {FailureClass::kFormat, "format", Reason::kQuoteInvalid,
     "get the quote anew; these bytes are damaged or no quote"},
    {FailureClass::kUnsupported, "unsupported", Reason::kQuoteInvalid,
     "let the host's quoting service put the PCK certificate chain into the "
     "quote, or give a caching service (PCCS) that has this platform's"},
    {FailureClass::kPckChain, "pck-chain", Reason::kQuoteInvalid,
     "get the quote anew; its certificates are damaged or forged"},
    {FailureClass::kUntrustedRoot, "untrusted-root", Reason::kQuoteInvalid,
     "do not trust it: no Intel platform made it; a test platform's own root "
     "can be named as trust anchor"},
    {FailureClass::kExpired, "expired", Reason::kQuoteInvalid,
     "let the host fetch its PCK certificates anew, and check the time that "
     "the quote is judged at"},
    {FailureClass::kNotYetValid, "not-yet-valid", Reason::kQuoteInvalid,
     "check the time that the quote is judged at: it was made later"},
    {FailureClass::kQeReportSignature, "qe-report-signature",
     Reason::kQuoteInvalid,
     "do not trust it: the quote was changed or forged after it was made"},
    {FailureClass::kAttestationKey, "attestation-key", Reason::kQuoteInvalid,
     "do not trust it: the quote was changed or forged after it was made"},
    {FailureClass::kQeReportData, "qe-report-data", Reason::kQuoteInvalid,
     "do not trust it: the quote was changed or forged after it was made"},
    {FailureClass::kQeDebug, "qe-debug", Reason::kQuoteInvalid,
     "do not trust it: a debug enclave's keys are open to its host"},
    {FailureClass::kQuoteSignature, "quote-signature", Reason::kQuoteInvalid,
     "do not trust it: the quote was changed or forged after it was made"},
    {FailureClass::kCrl, "crl", Reason::kCollateralUnavailable,
     "fetch the revocation lists anew, for the CA that issued this platform's "
     "certificate"},
    {FailureClass::kRevokedPck, "revoked-pck", Reason::kQuoteInvalid,
     "do not trust this platform: Intel withdrew its certificate"},
    {FailureClass::kRevokedCa, "revoked-ca", Reason::kQuoteInvalid,
     "do not trust what this certificate signed: Intel withdrew it; fetch the "
     "collateral anew, and let the host fetch its PCK certificates anew, in "
     "case another one took its place"},
    {FailureClass::kTcbSigningChain, "tcb-signing-chain",
     Reason::kCollateralUnavailable,
     "fetch the collateral anew; its signing certificates are damaged or "
     "forged"},
    {FailureClass::kTcbInfoSignature, "tcb-info-signature",
     Reason::kCollateralUnavailable,
     "fetch the TCB info anew; this one is damaged or forged"},
    {FailureClass::kTcbInfoFormat, "tcb-info-format",
     Reason::kCollateralUnavailable,
     "fetch the TCB info anew; this one is damaged or forged"},
    {FailureClass::kTcbInfoMismatch, "tcb-info-mismatch",
     Reason::kCollateralUnavailable,
     "fetch the TCB info that is for the quote's platform: 'expected' says for "
     "which TEE, kind of platform (FMSPC) or PCE it must be"},
    {FailureClass::kQeIdentitySignature, "qe-identity-signature",
     Reason::kCollateralUnavailable,
     "fetch the QE identity anew; this one is damaged or forged"},
    {FailureClass::kQeIdentityFormat, "qe-identity-format",
     Reason::kCollateralUnavailable,
     "fetch the QE identity anew; this one is damaged or forged"},
    {FailureClass::kQeIdentityMismatch, "qe-identity-mismatch",
     Reason::kQuoteInvalid,
     "fetch the QE identity for this TEE; if this is the one, do not trust the "
     "quote: no enclave of Intel's signed it"},
    {FailureClass::kModuleMismatch, "module-mismatch", Reason::kQuoteInvalid,
     "fetch newer TCB info; if this is the newest, let the host load a TDX "
     "module of Intel's"},
    {FailureClass::kTcbNotSupported, "tcb-not-supported", Reason::kTcbOutOfDate,
     "update the platform; Intel supports it no longer as it is"},
}};

constexpr bool StandInOrder() {
  for (std::size_t i = 0; i < kClasses.size(); ++i) {
    if (static_cast<std::size_t>(kClasses.at(i).failure) != i) {
      return false;
    }
  }
  return true;
}
static_assert(StandInOrder(), "one row for each class, in the enum's order");
static_assert(kClasses.back().failure == FailureClass::kTcbNotSupported);

const ClassInfo& InfoOf(FailureClass failure) {
  return kClasses.at(static_cast<std::size_t>(failure));
}

}  // namespace

std::string_view FailureClassName(FailureClass failure) {
  return InfoOf(failure).name;
}

Reason ReasonOf(FailureClass failure) { return InfoOf(failure).reason; }

std::string_view RemedyOf(FailureClass failure) {
  return InfoOf(failure).remedy;
}

}  // namespace tdxvfs::verify
