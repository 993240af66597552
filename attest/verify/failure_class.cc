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

}  // namespace tdxvfs::verify
