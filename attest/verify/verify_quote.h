// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_VERIFY_QUOTE_H_
#define TDXVFS_ATTEST_VERIFY_VERIFY_QUOTE_H_

#include <chrono>

#include "attest/quote.h"
#include "attest/verify/collateral.h"
#include "attest/verify/evaluation.h"
#include "attest/verify/pck_chain_source.h"
#include "attest/verify/trust_anchor.h"
#include "common/result.h"

namespace tdxvfs::verify {

// What a quote is judged by.
struct Judging {
  const TrustAnchor& anchor;
  std::chrono::system_clock::time_point now;
  // Null: signatures and chain only, `tcb` stays empty.
  CollateralSource* collateral = nullptr;
  // Null: a quote without a PCK chain in it is refused.
  PckChainSource* pck_chains = nullptr;
};

// Judges a parsed quote. First what the quote alone can show: PCK chain (in it,
// or looked up where certification data of types 1 to 3 names one) up to the
// anchor and valid at `now`, QE report signature, attestation-key binding,
// QE debug flag, quote signature. Then, with collateral for the platform that
// the verified leaf names: dates, revocation, TEE, FMSPC and PCEID, QE
// identity, TDX module, TCB level, all converged into one status. A status
// other than UpToDate is still genuine. SGX quotes are verified too: a caller
// that wants a TD asks quote.td_report(). Fails only with kInternal or
// kCollateralUnavailable (as the sources do); a quote that does not hold comes
// back with genuine == false.
Result<Evaluation> VerifyQuote(attest::Quote quote, const Judging& judging);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_VERIFY_QUOTE_H_
