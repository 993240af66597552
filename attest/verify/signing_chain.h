// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_SIGNING_CHAIN_H_
#define TDXVFS_ATTEST_VERIFY_SIGNING_CHAIN_H_

#include <memory>
#include <string_view>

#include "attest/verify/pck_ca.h"
#include "attest/verify/trust_anchor.h"
#include "common/result.h"

namespace tdxvfs::verify {

// Cap on a PEM chain that comes with collateral, in bytes.
inline constexpr std::size_t kMaxIssuerChain = std::size_t{64} * 1024;

// Leads the chain that signed the documents (TCB signing certificate, root,
// nothing else) to the anchor: names, profile, signature. Hands out the first
// certificate. Dates and revocation are not asked here. Fails with
// kQuoteInvalid or kInternal.
Result<Certificate> VerifyTcbSigningChain(std::string_view pem,
                                          const TrustAnchor& anchor);

// The same for the chain of a PCK CRL (PCK Platform or Processor CA, root).
Result<std::shared_ptr<const PckCa>> VerifyCrlIssuerChain(
    std::string_view pem, const TrustAnchor& anchor);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_SIGNING_CHAIN_H_
