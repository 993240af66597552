// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_ROOT_CERTIFICATE_H_
#define TDXVFS_ATTEST_VERIFY_ROOT_CERTIFICATE_H_

#include <string_view>

#include "attest/verify/pem_chain.h"
#include "attest/verify/trust_anchor.h"
#include "common/result.h"

namespace tdxvfs::verify {

// What to say of a root that is not the anchor.
inline constexpr std::string_view kForeignRoot =
    "the chain's root is not the trust anchor";

// Whether the root that a chain was handed over with is the anchor: by subject
// and key, since two genuine Intel root certificates share both. It is only
// another copy of the anchor's key, yet one that is damaged or has another
// profile is refused: no byte of a chain is left unjudged. Fails with
// kQuoteInvalid or kInternal.
Result<bool> IsAnchor(const Der& root, const TrustAnchor& anchor);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_ROOT_CERTIFICATE_H_
