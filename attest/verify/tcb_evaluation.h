// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_TCB_EVALUATION_H_
#define TDXVFS_ATTEST_VERIFY_TCB_EVALUATION_H_

#include "attest/verify/check_record.h"
#include "attest/verify/evaluation.h"
#include "attest/verify/qe_identity.h"
#include "attest/verify/tcb_info.h"

namespace tdxvfs::verify {

// Finds the levels that platform, quoting enclave and TDX module have reached
// and converges them; a 1.5 body twice, by TEE_TCB_SVN and by TEE_TCB_SVN2.
// Fills the statuses, date, advisories and evaluation numbers of
// `evaluation.tcb`, its shortfall and its remedy. A level that Intel does not
// support is a check that failed: then false, and `evaluation.tcb` is empty.
// The documents must already fit the quote (collateral_match.h).
bool EvaluateTcb(const TcbInfo& tcb_info, const QeIdentity& qe_identity,
                 Evaluation& evaluation);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_TCB_EVALUATION_H_
