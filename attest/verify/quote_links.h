// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_QUOTE_LINKS_H_
#define TDXVFS_ATTEST_VERIFY_QUOTE_LINKS_H_

#include <memory>

#include "attest/verify/check_record.h"
#include "attest/verify/evaluation.h"
#include "attest/verify/pck_chain.h"
#include "attest/verify/verify_quote.h"
#include "common/result.h"

namespace tdxvfs::verify {

// Checks every link that the quote itself carries, from the trust anchor to the
// signed body: PCK chain and its dates, QE report signature, attestation-key
// binding, QE debug flag, quote signature. Each is recorded in `evaluation`,
// which also learns the platform. The result is the PCK chain, or null when a
// link did not hold. Fails with kInternal or as the source of PCK chains does.
Result<std::shared_ptr<const PckChain>> CheckQuoteLinks(const Judging& judging,
                                                        Evaluation& evaluation);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_QUOTE_LINKS_H_
