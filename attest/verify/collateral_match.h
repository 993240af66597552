// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_COLLATERAL_MATCH_H_
#define TDXVFS_ATTEST_VERIFY_COLLATERAL_MATCH_H_

#include "attest/check.h"
#include "attest/quote.h"
#include "attest/verify/pck_platform.h"
#include "attest/verify/tcb_info.h"

namespace tdxvfs::verify {

// Whether a TCB info document is about the platform that made a quote: the same
// TEE, FMSPC and PCEID (Intel PCS API v4, Get TDX TCB info). A document of
// another platform is genuine too, and may have lower thresholds.
attest::Checks CheckTcbInfoMatch(attest::Tee tee, const PckPlatform& platform,
                                 const TcbInfo& tcb_info);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_COLLATERAL_MATCH_H_
