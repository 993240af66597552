// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_FAILURE_CLASS_H_
#define TDXVFS_ATTEST_VERIFY_FAILURE_CLASS_H_

#include <cstdint>
#include <string_view>

#include "common/error.h"

namespace tdxvfs::verify {

// Which link of a quote did not hold, for audit records. A guest only ever
// learns the reason's slug.
enum class FailureClass : std::uint8_t {
  kNone,
  kFormat,
  kUnsupported,
  kPckChain,
  kUntrustedRoot,
  kExpired,
  kNotYetValid,
  kQeReportSignature,
  kAttestationKey,
  kQeReportData,
  kQeDebug,
  kQuoteSignature,
  // By collateral, in the order of the checks.
  kCrl,
  kRevokedPck,
  kRevokedCa,
  kTcbSigningChain,
  kTcbInfoSignature,
  kTcbInfoFormat,
  kTcbInfoMismatch,
  kQeIdentitySignature,
  kQeIdentityFormat,
  kQeIdentityMismatch,
  kModuleMismatch,
  kTcbNotSupported,
};

// Lower-case words joined by '-', for example "quote-signature"; empty for
// kNone.
std::string_view FailureClassName(FailureClass failure);

// What a guest and scripts are told: collateral-unavailable when a document is
// to blame, tcb-out-of-date when Intel supports the platform no longer, else
// quote-invalid.
Reason ReasonOf(FailureClass failure);

// What an operator does about it, for people who know none of the documents;
// empty for kNone.
std::string_view RemedyOf(FailureClass failure);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_FAILURE_CLASS_H_
