// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/failure_class.h"

namespace tdxvfs::verify {

std::string_view FailureClassName(FailureClass failure) {
  switch (failure) {
    case FailureClass::kNone:
      break;
    case FailureClass::kFormat:
      return "format";
    case FailureClass::kUnsupported:
      return "unsupported";
    case FailureClass::kPckChain:
      return "pck-chain";
    case FailureClass::kUntrustedRoot:
      return "untrusted-root";
    case FailureClass::kExpired:
      return "expired";
    case FailureClass::kNotYetValid:
      return "not-yet-valid";
    case FailureClass::kQeReportSignature:
      return "qe-report-signature";
    case FailureClass::kAttestationKey:
      return "attestation-key";
    case FailureClass::kQeReportData:
      return "qe-report-data";
    case FailureClass::kQeDebug:
      return "qe-debug";
    case FailureClass::kQuoteSignature:
      return "quote-signature";
    case FailureClass::kCrl:
      return "crl";
    case FailureClass::kRevokedPck:
      return "revoked-pck";
    case FailureClass::kRevokedCa:
      return "revoked-ca";
    case FailureClass::kTcbSigningChain:
      return "tcb-signing-chain";
    case FailureClass::kTcbInfoSignature:
      return "tcb-info-signature";
    case FailureClass::kTcbInfoFormat:
      return "tcb-info-format";
    case FailureClass::kTcbInfoMismatch:
      return "tcb-info-mismatch";
    case FailureClass::kQeIdentitySignature:
      return "qe-identity-signature";
    case FailureClass::kQeIdentityFormat:
      return "qe-identity-format";
    case FailureClass::kQeIdentityMismatch:
      return "qe-identity-mismatch";
    case FailureClass::kModuleMismatch:
      return "module-mismatch";
    case FailureClass::kTcbNotSupported:
      return "tcb-not-supported";
  }
  return "";
}

Reason ReasonOf(FailureClass failure) {
  switch (failure) {
    case FailureClass::kCrl:
    case FailureClass::kTcbSigningChain:
    case FailureClass::kTcbInfoSignature:
    case FailureClass::kTcbInfoFormat:
    case FailureClass::kTcbInfoMismatch:
    case FailureClass::kQeIdentitySignature:
    case FailureClass::kQeIdentityFormat:
      return Reason::kCollateralUnavailable;
    case FailureClass::kTcbNotSupported:
      return Reason::kTcbOutOfDate;
    default:
      return Reason::kQuoteInvalid;
  }
}

std::string_view RemedyOf(FailureClass failure) {
  switch (failure) {
    case FailureClass::kNone:
      break;
    case FailureClass::kFormat:
      return "get the quote anew; these bytes are damaged or no quote";
    case FailureClass::kUnsupported:
      return "let the host's quoting service put the PCK certificate chain "
             "into the quote";
    case FailureClass::kPckChain:
      return "get the quote anew; its certificates are damaged or forged";
    case FailureClass::kUntrustedRoot:
      return "do not trust it: no Intel platform made it; a test platform's "
             "own root can be named as trust anchor";
    case FailureClass::kExpired:
      return "let the host fetch its PCK certificates anew, and check the time "
             "that the quote is judged at";
    case FailureClass::kNotYetValid:
      return "check the time that the quote is judged at: it was made later";
    case FailureClass::kQeReportSignature:
    case FailureClass::kAttestationKey:
    case FailureClass::kQeReportData:
    case FailureClass::kQuoteSignature:
      return "do not trust it: the quote was changed or forged after it was "
             "made";
    case FailureClass::kQeDebug:
      return "do not trust it: a debug enclave's keys are open to its host";
    case FailureClass::kCrl:
      return "fetch the revocation lists anew, for the CA that issued this "
             "platform's certificate";
    case FailureClass::kRevokedPck:
    case FailureClass::kRevokedCa:
      return "do not trust this platform: Intel withdrew its certificate";
    case FailureClass::kTcbSigningChain:
      return "fetch the collateral anew; its signing certificates are damaged "
             "or forged";
    case FailureClass::kTcbInfoSignature:
    case FailureClass::kTcbInfoFormat:
      return "fetch the TCB info anew; this one is damaged or forged";
    case FailureClass::kTcbInfoMismatch:
      return "fetch the TCB info for this platform's FMSPC and TEE";
    case FailureClass::kQeIdentitySignature:
    case FailureClass::kQeIdentityFormat:
      return "fetch the QE identity anew; this one is damaged or forged";
    case FailureClass::kQeIdentityMismatch:
      return "fetch the QE identity for this TEE; if it already is, do not "
             "trust the quote: no enclave of Intel's signed it";
    case FailureClass::kModuleMismatch:
      return "fetch newer TCB info; if it already is, let the host load a TDX "
             "module of Intel's";
    case FailureClass::kTcbNotSupported:
      return "update the platform; Intel supports it no longer as it is";
  }
  return "";
}

}  // namespace tdxvfs::verify
