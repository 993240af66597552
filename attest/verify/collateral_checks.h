// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_COLLATERAL_CHECKS_H_
#define TDXVFS_ATTEST_VERIFY_COLLATERAL_CHECKS_H_

#include <chrono>

#include "attest/verify/collateral.h"
#include "attest/verify/evaluation.h"
#include "attest/verify/pck_chain.h"

namespace tdxvfs::verify {

// Judges a quote whose own links hold by verified collateral: fit to the
// platform, dates, revocation, QE identity, TDX module, TCB levels. Each
// check is recorded in `evaluation`, whose `tcb` is filled when all held; then
// true.
bool CheckAgainstCollateral(const PckChain& chain, const Collateral& collateral,
                            std::chrono::system_clock::time_point now,
                            Evaluation& evaluation);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_COLLATERAL_CHECKS_H_
