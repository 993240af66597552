// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_COLLATERAL_MATCH_H_
#define TDXVFS_ATTEST_VERIFY_COLLATERAL_MATCH_H_

#include "attest/check.h"
#include "attest/quote.h"
#include "attest/verify/pck_platform.h"
#include "attest/verify/qe_identity.h"
#include "attest/verify/tcb_info.h"

namespace tdxvfs::verify {

// Whether both documents are about what made a quote: the same TEE, FMSPC and
// PCEID (Intel PCS API v4, TCB info and enclave identity). A document of
// another platform is genuine too, and may have lower thresholds.
attest::Checks CheckTcbInfoMatch(attest::Tee tee, const PckPlatform& platform,
                                 const TcbInfo& tcb_info);
attest::Check CheckQeIdentityMatch(attest::Tee tee, const QeIdentity& identity);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_COLLATERAL_MATCH_H_
